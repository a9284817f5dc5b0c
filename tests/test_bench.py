"""The benchmark's own parts that need no platform and no other gateway."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from cavendish.db.pool import conninfo
from tests.bench import stack
from tests.bench.__main__ import aligned, parse
from tests.bench.beside import peers, report, sides
from tests.bench.calls import LENGTH, Reply, interaction, load
from tests.bench.floor import INSERTS, SCHEMA, TABLES, Cost, compared, one_floor, whole_reply
from tests.bench.pictures import SMALL, noise_png
from tests.bench.rows import ROWS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("words", "beside", "quick"),
    [
        ([], [], False),
        (["--beside", "litellm"], ["litellm"], False),
        (["--quick", "--beside", "litellm", "--beside", "portkey"], ["litellm", "portkey"], True),
        (["--beside", "portkey", "--beside", "portkey"], ["portkey"], False),
    ],
)
def test_who_is_measured_beside_us(words: list[str], beside: list[str], quick: bool) -> None:
    arguments = parse(words)
    assert (arguments.beside, arguments.quick, arguments.rows) == (beside, quick, list(ROWS))


@pytest.mark.parametrize(
    "words", [["--beside", "nobody"], ["--rows", "nothing"], ["--rows", "floor", "--beside", "litellm"]]
)
def test_what_is_not_there_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(words)


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["bench"], []),
        (["bench", "--", "--beside", "litellm", "--beside", "portkey"], ["--beside", "litellm", "--beside", "portkey"]),
        (["bench", "--", "--quick", "--rows", "floor,sdk-1"], ["--quick", "--rows", "floor,sdk-1"]),
        (["bench", "ARGS=--beside litellm --set WORKERS=1"], ["--beside", "litellm", "--set", "WORKERS=1"]),
    ],
)
def test_make_hands_its_words_on(words: list[str], given: list[str]) -> None:
    said = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (command,) = (line for line in said.splitlines() if "tests.bench" in line)
    assert command.split() == [".venv/bin/python", "-m", "tests.bench", *given]


def measured(label: str, alone: float, small: float, large: float) -> report.Measured:
    return report.Measured(label, [alone] * 3, [small / 2, small, small * 9], [large] * 3, [{"all": 1.0}] * 3)


def test_ratios_are_of_medians_and_added_latency_is_without_the_upstreams() -> None:
    upstream = report.Measured(report.UPSTREAM, [2.0], [500.0], [50.0], [{}])
    ours = measured(report.OURS, 17.0, 160, 21)
    floor = measured(report.FLOOR, 3.0, 240, 30)
    table = [measured("LiteLLM", 18.0, 100, 7), measured("Portkey", 10.0, 120, 2), ours, floor, upstream]
    lines = report.ratios(table)
    assert [(line.value, line.aim, line.good) for line in lines] == [
        ("1.60 x", ">= 1.5 x", True),
        ("3.00 x", ">= 3 x", True),
        ("2.40 x", "", None),
        ("15.0 ms  (LiteLLM 16.0)", "<= 16.0 ms", True),
        ("1.33 x", ">= 1.5 x", False),
        ("10.50 x", ">= 3 x", True),
        ("2.00 x", "", None),
        ("15.0 ms  (Portkey 8.0)", "<= 8.0 ms", False),
    ]
    head, alone, *_, cost = report.columns(table)
    assert head[1:] == ("LiteLLM", "Portkey", report.OURS, report.FLOOR, report.UPSTREAM)
    assert alone[1] == "18.0 ms"
    assert cost[1:] == ("1.0 ms", "1.0 ms", "1.0 ms", "1.0 ms", "")
    assert aligned([("a", "b"), ("long", "c")]) == "| a    | b |\n| ---- | - |\n| long | c |"


def test_processor_time_is_told_by_kind() -> None:
    side = report.Measured(report.OURS, [1], [1], [1], [{"web": 2.0, "worker": 3.0, "Valkey": 0.5}])
    assert report.columns([side])[-1][1] == "5.5 ms: web 2.0, worker 3.0, Valkey 0.5"


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_peers_get_what_the_sdks_send_us(name: str) -> None:
    head, _, body = peers.request_of(peers.PEERS[name], SMALL, 4321).partition(b"\r\n\r\n")
    found = LENGTH.search(head + b"\r\n")
    assert found
    assert int(found[1]) == len(body)
    assert body == interaction("", SMALL).partition(b"\r\n\r\n")[2]
    assert head.startswith(f"POST {peers.PEERS[name].path} HTTP/1.1\r\n".encode())


def test_an_answer_without_the_whole_picture_is_none() -> None:
    enough = sides.base64_length(SMALL)
    assert sides.picture_reply(Reply(200, b"", enough, 0.0), SMALL)
    for reply in (Reply(200, b"", enough - 1, 0.0), Reply(429, b"", enough, 0.0)):
        with pytest.raises(stack.BenchError):
            sides.picture_reply(reply, SMALL)


def test_our_cost_is_told_by_the_floors() -> None:
    costs = [Cost(2.0, 0.6), Cost(9.0, 0.6), Cost(2.1, 0.6)]
    floor, times = compared(costs, [10.0, 12.15, 20.0])
    assert floor.value.startswith("2.7 ms  (process 2.1, PostgreSQL 0.6,")
    assert (times.value, times.aim, times.good) == ("4.5 x  (12.2 ms)", "<= 4.5 x", True)


@pytest.mark.slow
@pytest.mark.usefixtures("django_db_setup")
async def test_the_floor_keeps_pictures_and_rows_and_leaves_nothing(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    address = conninfo("owner")
    (data_dir / "connection.json").write_text(json.dumps({"DATABASE_OWNER_URL": address}))
    with stack.upstream() as upstream_port:
        with one_floor(upstream_port, data_dir) as (port, _), psycopg.connect(address, autocommit=True) as owner:
            replies, _ = await load(port, 2, 4, lambda connection, _: connection.call(interaction("", SMALL)))
            kept = [path.read_bytes() for path in (tmp_path / "floor").iterdir()]
            counts = [
                owner.execute(f"SELECT count(*), min(digest) FROM {SCHEMA}.rows_{number}").fetchone()
                for number in range(TABLES)
            ]
            assert all(whole_reply(reply) for reply in replies)
        picture = noise_png(SMALL)
        assert kept == [picture] * 4
        assert counts == [(4 * INSERTS // TABLES, sha256(picture).digest())] * TABLES
    assert not (tmp_path / "floor").exists()
    with psycopg.connect(address) as owner:
        assert owner.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchone() == (None,)
