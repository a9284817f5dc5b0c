# Each command sets itself up; nothing but python3 (3.11 or newer) has to be there. Another one: make run PYTHON=python3.12
PYTHON ?= python3
export PYTHON
# The whole suite runs in two lanes: many tests wait, and each lane has its own services. A part of it runs in one.
LANES := -n 2 --dist loadgroup
.DEFAULT_GOAL := help
.PHONY: help run test lint bench

help:
	@echo "make run    start the whole platform on this machine (PORT, CAVENDISH_DATA_DIR steer it)"
	@echo "make test   run the tests (make test T='tests/up -k kill' runs some)"
	@echo "make lint   ruff, mypy, the import rules"
	@echo "make bench  measure speed and memory"

run:
	@requirements/install.sh run
	@exec .venv/bin/python manage.py up

test:
	@requirements/install.sh dev
	.venv/bin/python -m pytest $(or $(T),$(LANES))

lint:
	@requirements/install.sh dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench:
	@requirements/install.sh dev
	.venv/bin/python -m tests.bench
