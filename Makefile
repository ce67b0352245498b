# Every target sets up what it needs. `make` alone lists them.
# Needs: git, make and either uv or Python 3.11+ with pip; uv is fetched into .uv-bootstrap/ when it is missing.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

UV_MINIMUM := 0.9.17
UV_VERSION := 0.13.8
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=

# A home that cannot be written would stop uv, DuckDB and others from caching: give them one inside the project.
ifneq ($(shell test -n "$${HOME-}" && test -d "$${HOME-}" && test -w "$${HOME-}" && echo yes),yes)
export HOME := $(CURDIR)/.make/home
$(shell mkdir -p $(HOME))
endif

# uv on PATH if it is new enough to read our lock, else our own.
UV := $(shell set -- $$(uv --version 2>/dev/null); printf '%s\n' "$(UV_MINIMUM)" "$${2:-0}" | sort -V | head -n 1 | grep -qx '$(UV_MINIMUM)' && command -v uv || echo .uv-bootstrap/bin/uv)

export DAGSTER_DISABLE_TELEMETRY := 1
export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## create .venv with the locked versions (brings uv if missing)

.PHONY: demo
demo: $(READY) .dagster/dagster.yaml ## generate three sources, master them, show what came out
	@DAGSTER_HOME="$(CURDIR)/.dagster" $(BIN)/partyhub demo $(ARGS)

.PHONY: test
test: $(READY) ## run the tests but the slow ones; those of Kafka and S3 need `make services-up` (ARGS="-k ids" for some of them)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

.PHONY: slow
slow: $(READY) ## run the slow tests: whole builds by the dozen, before a release and by night
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m slow $(ARGS)

.PHONY: lint
lint: $(READY) type ## check style, formatting, import rules and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

.PHONY: type
type: $(READY) ## check types
	@$(BIN)/mypy

.PHONY: fmt
fmt: $(READY) ## format, and fix what can be fixed by machine
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: docs
docs: $(READY) ## rewrite the pages that are made from code: data dictionary, schemas of hub.yaml and of events
	@$(BIN)/python -m partyhub_dagster.lake.dictionary > docs/data-dictionary.md
	@$(BIN)/partyhub config schema > docs/hub.schema.json
	@$(BIN)/python -m partyhub_dagster.streaming.events > docs/event.schema.json

.PHONY: validate
validate: $(READY) .dagster/dagster.yaml ## load the Dagster definitions and check them
	@DAGSTER_HOME="$(CURDIR)/.dagster" $(BIN)/dagster definitions validate -w workspace.yaml

.PHONY: dev
dev: $(READY) .dagster/dagster.yaml ## open the Dagster UI at http://localhost:3000 (after `make demo`: on the demo's hub)
	@DAGSTER_HOME="$(CURDIR)/.dagster" $(BIN)/dagster dev -w workspace.yaml $(ARGS)

.PHONY: bench
bench: $(READY) ## measure 100,000 generated records by stage, beside bare Splink
	@$(BIN)/python benchmarks/end_to_end.py $(ARGS)

.PHONY: accuracy
accuracy: $(READY) ## measure the labelled sets beside other tools and rewrite docs/accuracy.md
	@UV="$(UV)" $(BIN)/python -m benchmarks.accuracy $(ARGS)

.PHONY: services-up
services-up: $(READY) ## start Kafka and S3 on this machine, without Docker (needs Java 17, Maven and Go; the first time takes minutes)
	@$(BIN)/python -m partyhub_dagster_tests.services up

.PHONY: services-down
services-down: $(READY) ## end them; what they hold stays in .services/ for the next time
	@$(BIN)/python -m partyhub_dagster_tests.services down

.PHONY: clean
clean: ## remove what make and the tools made, services too; hubs (.partyhub) stay
	@if test -d .services && test -x $(BIN)/python; then $(BIN)/python -m partyhub_dagster_tests.services down; fi
	rm -rf .venv .uv-bootstrap .make .dagster .services .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Where Python may not keep bytecode, it would compile all libraries at every start.
$(READY): pyproject.toml uv.lock $(filter .uv-bootstrap/%,$(UV))
	@$(UV) sync --locked $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)
	@touch $@

.uv-bootstrap/bin/uv:
	@echo "uv $(UV_MINIMUM) or newer is not on PATH: fetching uv $(UV_VERSION) into .uv-bootstrap/"
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed as python3 to fetch uv. Install it, or install uv." >&2; exit 1; }
	@python3 -m venv .uv-bootstrap || { echo "python3 cannot make virtual environments. Install its venv module (Debian, Ubuntu: python3-venv), or install uv." >&2; exit 1; }
	@.uv-bootstrap/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.dagster/dagster.yaml: dagster.yaml
	@mkdir -p .dagster
	@cp dagster.yaml $@
