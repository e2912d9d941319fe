# Two commands need nothing but Python 3.11 and make:  make playground   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# How many processes the tests run in: one for each core, or as many as you say. 0 is one after another.
WORKERS ?= auto
STAMP := $(VENV)/.installed
SOURCES := bot handlers diagnostics playground tests benchmarks

.PHONY: help setup playground test check format live soak bench docs lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## the environment in .venv, from the pinned and hashed lock
$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Volati needs Python 3.11 or later; this is %d.%d. Name another: make PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

playground: $(STAMP)  ## the simulated platform, a local Slack and the bot, on loopback
	@$(BIN)/volati playground

test: $(STAMP)  ## every test that needs no root and no real servers
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

check: $(STAMP)  ## format, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP)  ## put the code in its form
	@$(BIN)/ruff format --quiet $(SOURCES)
	@$(BIN)/ruff check --quiet --fix $(SOURCES)

live: $(STAMP)  ## the tests against real servers (Keycloak: Java 17, Maven; Docker: root, docker.io, busybox-static; postgresql)
	@$(BIN)/python -m pytest -m live --numprocesses $(WORKERS) --dist loadfile --timeout 600 $(REQUIRE)

soak: $(STAMP)  ## the long campaigns, whose results go to docs/, and all property tests on other examples
	@$(BIN)/python -m pytest -m soak --timeout 7200
	@$(BIN)/python -m pytest -m 'hypothesis and not live' --fuzz --numprocesses $(WORKERS) --timeout 3600

bench: $(STAMP)  ## the benchmarks; see benchmarks/README.md
	@$(BIN)/python -m benchmarks

docs: $(STAMP)  ## the pages that are made from tables
	@$(BIN)/python -m bot.coverage.page > docs/runbook-coverage.md

lock:  ## pin the dependencies anew (needs uv)
	@UV_PYTHON_DOWNLOADS=never uv lock --quiet
	@UV_PYTHON_DOWNLOADS=never uv export --quiet --no-header --no-emit-project --no-dev --format requirements-txt --output-file requirements.lock
	@UV_PYTHON_DOWNLOADS=never uv export --quiet --no-header --no-emit-project --format requirements-txt --output-file requirements-dev.lock

clean:  ## remove the environment and the caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
