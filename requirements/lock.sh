#!/usr/bin/env bash
# Renews the hashed locks from pyproject.toml. They hold names, versions and hashes, never an address.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header "$@"; }
lock pyproject.toml --output-file requirements/run.txt
lock pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
# Without what its Python side needs: only its library is used.
lock --group clock --no-deps --constraint requirements/dev.txt --output-file requirements/clock.txt
clients=tests/compat/clients/python
lock $clients/requirements.in --python-version 3.11 --output-file $clients/requirements.txt
