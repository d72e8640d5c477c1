# `make run` and `make test` need Python 3.11 (or newer) and nothing else: they set up .venv themselves.

PYTHON ?= $(shell for python in python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
READY := .venv/.ready
WARM := .venv/.warm

.PHONY: run test cover lint format docs silent interactions load chains items notebooks example long bench setup clean

run: setup
	$(BIN)/mlsim run scenarios/covid_app.yaml $(ARGS)

test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

cover: setup
	COVERAGE_FILE="$(CURDIR)/.coverage" $(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: setup
	$(BIN)/jupytext --quiet --to ipynb notebooks/*.py
	$(BIN)/jupyter execute --inplace notebooks/*.ipynb

# The run that the README shows; its tables in Parquet are too large to keep.
example: setup
	$(BIN)/mlsim run scenarios/covid_app.yaml
	rm -rf reports/example
	mkdir reports/example
	cd reports/covid_app/latest && cp -r figures inputs report.html *.csv run.json summary.json ../../example

long: setup
	$(BIN)/python -m pytest -m long $(ARGS)

docs: $(READY)
	$(BIN)/python docs/generate.py

silent: setup
	$(BIN)/python scenarios/silent/generate.py

interactions: setup
	$(BIN)/python scenarios/interactions/generate.py

chains: setup
	$(BIN)/python scenarios/chains/generate.py

items: setup
	$(BIN)/python docs/items.py

load: setup
	$(BIN)/python scenarios/page/generate.py

bench: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.run $(ARGS)

setup: $(READY) $(WARM)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "mlsim needs Python 3.11 or newer; name it: make PYTHON=..." >&2; exit 1; }
	@echo "setting up .venv (once; it takes a minute or two) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,notebook]'
	@touch $@

$(WARM): $(READY) $(wildcard mlsim/engine/*.py mlsim/telemetry/folding.py)
	@echo "compiling the kernel once ..."
	@$(BIN)/python -c 'from mlsim.telemetry.warming import warm; print(f"compiled in {warm():.1f} s")'
	@touch $@

clean:
	rm -rf .venv .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
