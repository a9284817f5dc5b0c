from __future__ import annotations

import hashlib
import re

import pytest

from accounts.authentication import tokens


@pytest.mark.parametrize("livemode", [True, False])
def test_a_key_has_the_shape_that_scanners_match(livemode: bool) -> None:
    token = tokens.generate(livemode=livemode)
    mode = "live" if livemode else "test"
    assert re.fullmatch(rf"cvd_{mode}_[0-9A-Za-z]{{50}}", token.secret)
    assert tokens.is_well_formed(token.secret)
    assert token.prefix == token.secret[:21]
    assert token.digest == hashlib.sha256(token.secret.encode()).digest()
    assert tokens.describe(token.secret) == token


def test_a_key_does_not_show_itself() -> None:
    token = tokens.generate(livemode=True)
    for shown in (repr(token), str(token), f"{token}"):
        assert token.secret not in shown
        assert token.secret[21:] not in shown
        assert token.prefix in shown


def test_no_two_keys_are_alike() -> None:
    secrets = {tokens.generate(livemode=True).secret for _ in range(1000)}
    assert len(secrets) == len({secret[9:21] for secret in secrets}) == 1000


def test_every_mistyped_character_is_noticed() -> None:
    secret = tokens.generate(livemode=True).secret
    for index in range(len("cvd_live_"), len(secret)):
        wrong = secret[:index] + ("A" if secret[index] != "A" else "B") + secret[index + 1 :]
        assert not tokens.is_well_formed(wrong), index


def test_swapped_neighbours_are_noticed() -> None:
    secret = tokens.generate(livemode=True).secret
    for index in range(len("cvd_live_"), len(secret) - 1):
        if secret[index] != secret[index + 1]:
            wrong = secret[:index] + secret[index + 1] + secret[index] + secret[index + 2 :]
            assert not tokens.is_well_formed(wrong), index


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: "",
        lambda secret: secret[:-1],
        lambda secret: secret + "A",
        lambda secret: secret + "\n",
        lambda secret: " " + secret,
        lambda secret: secret.replace("live", "test"),
        lambda secret: secret.replace("live", "LIVE"),
        lambda secret: secret.upper(),
        lambda secret: secret[:-1] + "\u0663",
        lambda secret: secret[:-1] + "é",
        lambda secret: "cvd_live_" + "-" * 50,
        lambda secret: "cvd_live_" + "0" * 50,
    ],
)
def test_what_is_no_key_costs_no_query(change: object) -> None:
    assert callable(change)
    assert not tokens.is_well_formed(change(tokens.generate(livemode=True).secret))
