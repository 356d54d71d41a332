# The commands of the project. Each makes .venv and installs the locked packages when needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test test-all bench soak lint format dev serve lock clean

help:  ## Show the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked packages into $(VENV) (about a minute the first time) ..."
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing the locked packages for tests into $(VENV) ..."
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.runtime  ## Turn the built-in sample into a constitution (in ./.labelaudit-demo)
	@LABELAUDIT_HOME="$(CURDIR)/.labelaudit-demo" $(BIN)/labelaudit demo

test: $(VENV)/.dev  ## Run the tests (skips what this machine has no browser, database or data for)
	$(BIN)/python -m pytest -q -n auto --dist loadfile

lint: $(VENV)/.dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev  ## Mend what a machine can mend of the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## Run all benchmarks and print their tables
	$(BIN)/python -m benchmarks

SECONDS ?= 600
soak: $(VENV)/.dev  ## Ratings, labels and a fault every few seconds (SECONDS=3600 for an hour)
	$(BIN)/python -m benchmarks.soak --seconds $(SECONDS)

dev: $(VENV)/.dev  ## The Dagster UI and daemon on the home, for operators and developers
	$(BIN)/labelaudit dagster

lock: $(BIN)/python  ## Resolve the dependencies anew (needs uv)
	uv pip compile --universal --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
	  --python-version 3.11 pyproject.toml requirements/build.in -o requirements/runtime.txt
	uv pip compile --universal --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
	  --python-version 3.11 --extra dev -c requirements/runtime.txt \
	  pyproject.toml requirements/build.in -o requirements/dev.txt

clean:  ## Remove the virtual environment, caches and the demo's home (never .labelaudit)
	rm -rf $(VENV) .labelaudit-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
