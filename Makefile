# Two commands for a fresh machine: `make demo` and `make test`. Only Python >= 3.11 and a package index are needed.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install $(QUIET) --disable-pip-version-check -c constraints.txt
# `make QUIET= demo` shows each package.
QUIET ?= --quiet
DEMO ?= demo
FOLDER ?= project

.PHONY: help demo docs serve test test-long release-check lint types unit clean

help:
	@echo "make demo   install into $(VENV), train on the bundled assay, screen the bundled library, write the report"
	@echo "make serve  install into $(VENV) with the extra web, serve the folder $(FOLDER) as pages in the browser"
	@echo "make docs   install into $(VENV) with the extra docs, build the documentation into site/"
	@echo "make test   install into $(VENV) with the test extra, then ruff, mypy and pytest"
	@echo "make test-long  what takes minutes and needs ../shared/data"
	@echo "make release-check  what a maintainer runs before a release: hours, and a package index"
	@echo "make clean  remove $(VENV), caches and the demo's folder"

$(BIN)/python:
	@echo "Making an environment for Python in $(VENV)"
	@test -n "$(PYTHON)" || { echo "ebmscreen needs Python >= 3.11; none was found. Install one, or: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# The stamps name what they depend on, so that a second call installs nothing.
$(VENV)/.installed-web: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing ebmscreen and its libraries into $(VENV): torch, RDKit, pyarrow and SciPy are large"
	@$(PIP) -e '.[web]'
	@touch $@

$(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) -e '.[docs]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing ebmscreen, its libraries and what tests them into $(VENV)"
	@$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.installed-docs $(VENV)/.installed-web

demo: $(VENV)/.installed-web
	@echo "Starting the demo"
	@$(BIN)/ebmscreen demo -o $(DEMO) --force

serve: $(VENV)/.installed-web
	@mkdir -p $(FOLDER)
	@$(BIN)/ebmscreen serve $(FOLDER)

docs: $(VENV)/.installed-docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "Open site/index.html in a browser; it needs no server and no network."

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

# Three processes for two cores, since some tests only wait; one thread each, or they fight for them.
unit: export OMP_NUM_THREADS = 1
unit: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 3 --dist worksteal

test: lint types unit

test-long: export OMP_NUM_THREADS = 1
test-long: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m long

release-check: $(VENV)/.installed-test
	@PYTHON="$(PYTHON)" bash .ci/release-check

clean:
	rm -rf $(VENV) $(DEMO) site build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
