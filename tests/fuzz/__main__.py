"""`python -m tests.fuzz <libFuzzer's options> <corpora>`: fuzzes the header readers, guided by what their code does."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["generations.request.headers", "generations.request.sniff"]):
    from tests.fuzz.target import outcome


def one_input(data: bytes) -> None:
    outcome(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
