# Each target sets up .venv by itself, unprivileged, when what it is made from has changed. Needs: make, and Python 3.11
# or newer with venv. A particular one: make PYTHON=/path/to/python3 test

PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input
PINNED := -c constraints.txt --build-constraint constraints.txt
TEST_FLAGS ?=

# What runs the package, and on top of it what works on it. Each stamp holds the folder that it was made for.
RUNS := $(VENV)/runs.stamp
WORKS := $(VENV)/works.stamp

.PHONY: help demo test interop bench lint constraints clean FORCE
.DELETE_ON_ERROR:

help:
	@echo 'make demo     this machine, answered as WMI, in each of the three modes'
	@echo 'make test     the tests; says at the end what could not run here'
	@echo 'make interop  the tests against other programs'
	@echo 'make bench    speed and memory beside their goals'
	@echo 'make lint     style, types, floors'
	@echo 'make constraints  the newest releases of everything, pinned in constraints.txt'
	@echo 'make clean    removes what the other targets made'

demo: $(RUNS)
	@$(PY) examples/demo.py

test: $(WORKS)
	$(PY) -m pytest -m 'not interop' $(TEST_FLAGS)

ifneq ($(wildcard tests/interop/test_*.py),)
interop: $(WORKS)
	$(PY) -m pytest -m interop
else
interop:
	@echo 'There are no tests against other programs yet.'
endif

bench: $(WORKS)
	@$(PY) -m bench

lint: $(WORKS)
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo --no-cache

constraints:
	sh tools/constraints.sh '$(PYTHON)'

clean:
	rm -rf $(VENV) build dist htmlcov .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNS): pyproject.toml constraints.txt Makefile tools/venv.sh
	@sh tools/venv.sh '$(VENV)' '$(RUNS)' '$(PYTHON)'
	@echo 'Installing openwmi into $(VENV) ...'
	@$(PIP) install $(PINNED) --editable .
	@pwd > $@

$(WORKS): $(RUNS)
	@echo 'Installing the tools into $(VENV) ...'
	@$(PIP) install $(PINNED) --group dev
	@pwd > $@

# A tree that was moved or copied has scripts that point to its old place: make them anew.
ifneq ($(shell cat $(RUNS) 2>/dev/null),$(CURDIR))
$(RUNS): FORCE
endif
FORCE:
