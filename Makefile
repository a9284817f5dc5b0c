# Each command sets itself up; nothing but python3 (3.11 or newer) has to be there. Another one: make run PYTHON=python3.12
PYTHON ?= python3
export PYTHON
# Tests run in two lanes: many of them wait, and each lane has its own services. Named folders and files run in one.
LANES := -n 2
.DEFAULT_GOAL := help
.PHONY: help run test lint bench chaos screenshots

help:
	@echo "make run    start the whole platform on this machine (PORT, CAVENDISH_DATA_DIR steer it; DEMO=1 fills it)"
	@echo "make test   run the tests (make test T='-m \"not slow\"' the inner loop, make test T='tests/up -k kill' some)"
	@echo "make lint   ruff, mypy, the import rules, dead code, translations, dependencies"
	@echo "make bench  measure speed and memory (make bench -- --quick; make bench -- --beside litellm)"
	@echo "make chaos  kill, freeze and cut off a platform at work, then check promises, reconcile and hashes (MINUTES=10, BROKER=rabbitmq)"
	@echo "make screenshots  take the pictures of the pages for README and docs"

run:
	@requirements/install.sh run
	@exec .venv/bin/python manage.py up

test:
	@requirements/install.sh dev
	.venv/bin/python -m pytest $(if $(findstring tests/,$(T)),,$(LANES)) $(T)

lint:
	@requirements/install.sh dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python .ci/dead_code.py
	.venv/bin/python .ci/translations.py check
	.venv/bin/python .ci/openapi/check.py
	.venv/bin/deptry .

screenshots:
	@requirements/install.sh dev
	.venv/bin/python -m tests.browser.screenshots

chaos:
	@requirements/install.sh dev
	.venv/bin/python -m tests.chaos --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(if $(BROKER),--broker $(BROKER))

# Words after `bench` are its own: make bench -- --quick --beside litellm. What has a = in it goes into ARGS.
ifeq (bench,$(firstword $(MAKECMDGOALS)))
WORDS := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
$(if $(WORDS),$(eval $(sort $(WORDS)):;@:))
endif

bench:
	@requirements/install.sh dev
	.venv/bin/python -m tests.bench $(WORDS) $(ARGS)
