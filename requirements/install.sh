#!/usr/bin/env bash
# Makes .venv and installs what `run` or `dev` needs, by the hashed locks. A second call finds its stamp and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?run or dev}
python=${PYTHON:-python3}

# What the installation depends on: the lock, our own build file, the interpreter, and this place (scripts and the
# editable install hold absolute paths).
stamp=.venv/.installed-$kind
state="$(cat "requirements/$kind.txt" pyproject.toml | cksum) $(command -v "$python" || true) $PWD"
# Compiled at once: the platform is seven processes, and where Python may not write .pyc files each would compile anew.
compile_own() {
    .venv/bin/python -m compileall -q accounts billing generations platform tests manage.py 2>/dev/null || true
}
# For a clock that can be moved; `up` says what to do where this cannot be had.
install_clock() {
    if [ -n "${CAVENDISH_CLOCK:-}" ] && [ ! -d "$(echo .venv/lib/python3*/site-packages/libfaketime)" ]; then
        VIRTUAL_ENV=$PWD/.venv .venv/bin/python -m uv pip install --quiet --no-deps --require-hashes -r requirements/clock.txt ||
            echo "The package libfaketime could not be installed." >&2
    fi
}
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then
    compile_own
    install_clock
    exit 0
fi

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Cavendish needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || true)." >&2
    echo "Name another one, for example: make run PYTHON=python3.12" >&2
    exit 1
fi
# A checkout that was moved keeps a .venv whose scripts point to where it was.
if [ "$(cat .venv/.place 2>/dev/null || echo "$PWD")" != "$PWD" ]; then
    rm -rf .venv
fi
if ! .venv/bin/python -c '' 2>/dev/null; then
    "$python" -m venv --clear .venv
fi
echo "$PWD" > .venv/.place
if ! .venv/bin/python -m uv --version >/dev/null 2>&1; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
fi
export VIRTUAL_ENV=$PWD/.venv
uv() { .venv/bin/python -m uv "$@"; }
echo "Installing into .venv ($kind) …"
uv pip install --quiet --require-hashes --compile-bytecode -r "requirements/$kind.txt"
uv pip install --quiet --no-deps --editable .
compile_own
install_clock
echo "$state" > "$stamp"
