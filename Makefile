# `make` alone lists what there is. Everything runs in .venv, which the first target that needs it sets up.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(if $(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11) or print("yes"))' 2>/dev/null),$(name))))
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check lint docs completions data sample picture bench clean

help: ## list the targets
	@awk -F ':.* ## ' '/^[a-z]+:.* ## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BIN)/kpi ## set everything up, then answer the main question on sample_data/
	@cd sample_data && echo '$$ cd sample_data && kpi roi --by channel --month 2026-10' \
		&& ../$(BIN)/kpi roi --by channel --month 2026-10

test: $(BIN)/pytest ## set up what tests need, run them all
	$(BIN)/python -m pytest -n auto

check: lint test ## format check, lint, strict types, tests

lint: $(BIN)/pytest
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(BIN)/pytest ## run every console block again and rewrite docs/, README.md and the golden messages
	$(BIN)/python docs/generate.py

completions: $(BIN)/kpi ## rewrite completions/ from the live commands
	$(BIN)/python completions/generate.py

data: $(BIN)/kpi ## compile the package's YAML after a change to it
	$(BIN)/python -m kpi_cli.exports.compile

sample: $(BIN)/kpi ## write sample_data/ again
	$(BIN)/python sample_data/make_sample_data.py

picture: $(BIN)/kpi ## write the sample report in docs/report/ again, and its picture
	$(BIN)/python docs/picture.py

bench: $(BIN)/pytest ## measure against the peers that are installed
	$(BIN)/python bench/run.py

clean: ## remove .venv and what builds and tests leave behind
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	$(PYTHON) -m venv .venv

$(BIN)/kpi: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(BIN)/pytest: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(BIN)/kpi
