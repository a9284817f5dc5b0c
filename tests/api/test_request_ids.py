"""A job and its log lines say which request it came with."""

from __future__ import annotations

from tests.api.accounts import Account, Books, uuid_of
from tests.api.test_batches import ended, item, make_batch
from tests.generations.helpers import one

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_job_says_which_request_it_came_with(account: Account, books: Books) -> None:
    given = {"X-Request-Id": f"shop {account.tenant.id.hex}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    body = {"model": "gemini-3.1-flash-lite-image", "input": "a cat"}
    answer = account.post("/api/v1/generations", json=body, headers={**given, "Prefer": "wait=60"})
    assert answer.json()["status"] == "succeeded"
    assert answer.headers.get_list("x-request-id") == [given["X-Request-Id"]]
    query = "SELECT request_id || ' ' || trace_id FROM generations_generation WHERE id = %s"
    with books.open():
        assert one(books.alias, query, uuid_of(answer.json()["id"])) == f"{given['X-Request-Id']} {TRACE}"
    logs = "".join(path.read_text() for path in (books.running.data_dir / "logs").glob("worker*.log"))
    assert f"Generation {answer.json()['id']} ended. [{given['X-Request-Id']}]" in logs


def test_items_come_with_the_request_of_their_batch(account: Account, books: Books) -> None:
    account.http.headers.pop("X-Request-Id")
    batch = make_batch(account, item("a cat"), item("a dog"))
    account.http.headers["X-Request-Id"] = "tests"
    ended(account, batch)
    query = """SELECT count(*) FROM generations_generation g JOIN generations_batch b ON b.id = g.batch_id
               WHERE b.id = %s AND g.request_id = b.request_id AND b.request_id LIKE 'req_%%'"""
    with books.open():
        assert one(books.alias, query, uuid_of(batch["id"])) == 2
