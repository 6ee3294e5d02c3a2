# Each target sets up .venv by itself, unprivileged, when what it is made from has changed. Needs: make, and Python 3.11
# or newer with venv. A particular one: make PYTHON=/path/to/python3 test

PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input
PINNED := -c constraints.txt --build-constraint constraints.txt
TEST_FLAGS ?=
# A process for each core, and no more than find enough to do.
SPREAD := --numprocesses logical --maxprocesses 8 --dist worksteal
# How long `make fuzz` goes on; 0 is for ever.
FUZZ_SECONDS ?= 60

# Where the headers of that Python are: Kerberos' bindings have to be built.
HEADERS := import sysconfig; print(sysconfig.get_path("include"))

# What runs the package, and on top of it what works on it. Each stamp holds the folder that it was made for.
RUNS := $(VENV)/runs.stamp
WORKS := $(VENV)/works.stamp

# Other people's clients live in an environment of their own: some have licences that no import may cross.
PEERS := .peers
PEERS_STAMP := $(PEERS)/peers.stamp
FUZZES := $(VENV)/fuzzes.stamp

.PHONY: help demo test interop fuzz bench lint constraints clean FORCE
.DELETE_ON_ERROR:

help:
	@echo 'make demo     this machine, answered as WMI, in each of the three modes'
	@echo 'make test     the tests; says at the end what could not run here'
	@echo 'make interop  the tests against other programs'
	@echo 'make fuzz     decoders against octets that nobody meant, for a minute'
	@echo 'make bench    speed and memory beside their goals'
	@echo 'make lint     style, types, floors'
	@echo 'make constraints  the newest releases of everything, pinned in constraints.txt'
	@echo 'make clean    removes what the other targets made'

demo: $(RUNS)
	@$(PY) examples/demo.py

test: $(WORKS)
	$(PY) -m pytest -m 'not interop' $(SPREAD) $(TEST_FLAGS)

interop: $(WORKS) $(PEERS_STAMP)
	OPENWMI_PEER_PYTHON='$(CURDIR)/$(PEERS)/bin/python' $(PY) -m pytest -m interop $(SPREAD) tests/interop

fuzz: $(FUZZES)
	$(PY) -m tests.wmio.fuzz_wmio -max_total_time=$(FUZZ_SECONDS) & \
	$(PY) -m tests.rpc.fuzz_rpc -max_total_time=$(FUZZ_SECONDS); rpc=$$?; wait $$! && exit $$rpc

bench: $(WORKS) $(PEERS_STAMP)
	@OPENWMI_PEER_PYTHON='$(CURDIR)/$(PEERS)/bin/python' $(PY) -m bench

lint: $(WORKS)
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo --no-cache

constraints:
	sh tools/constraints.sh '$(PYTHON)'

clean:
	rm -rf $(VENV) $(PEERS) build dist htmlcov .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .fuzz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNS): pyproject.toml constraints.txt Makefile tools/venv.sh
	@sh tools/venv.sh '$(VENV)' '$(RUNS)' '$(PYTHON)'
	@echo 'Installing openwmi into $(VENV) ...'
	@$(PIP) install $(PINNED) --editable .
	@pwd > $@

$(WORKS): $(RUNS)
	@echo 'Installing the tools into $(VENV) ...'
	@$(PIP) install $(PINNED) --group dev
	@if command -v krb5-config >/dev/null && command -v cc >/dev/null && test -f "$$($(PY) -c '$(HEADERS)')/Python.h"; \
		then $(PIP) install $(PINNED) --group kerberos; fi
	@pwd > $@

$(FUZZES): $(WORKS)
	@echo 'Installing the fuzzer into $(VENV) ...'
	@$(PIP) install $(PINNED) --group fuzz
	@pwd > $@

$(PEERS_STAMP): pyproject.toml peers.txt Makefile tools/venv.sh | $(WORKS)
	@sh tools/venv.sh '$(PEERS)' '$(PEERS_STAMP)' '$(PYTHON)'
	@echo "Installing other people's clients into $(PEERS) ..."
	@$(PEERS)/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
		-c peers.txt --build-constraint peers.txt --group peers
	@pwd > $@

# A tree that was moved or copied has scripts that point to its old place: make them anew.
ifneq ($(shell cat $(RUNS) 2>/dev/null),$(CURDIR))
$(RUNS): FORCE
endif
FORCE:
