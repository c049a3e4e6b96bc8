# make demo: set everything up and score real radiographs.   make test: set up and test.
# make demo FETCH=1: fetch the published model first.   make serve: try the service.
PYTHON ?= python3
VENV ?= .venv
PARITY_VENV ?= .venv-parity
BIN := $(VENV)/bin
PARITY_BIN := $(PARITY_VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check -c constraints.txt
DEMO_OUT ?= out/demo
DEMO_LANGUAGE ?= en
SERVE_OUT ?= out/serve
AXE_VERSION := 4.10.2
# Tests run in as many processes as there are processors, up to four; PARALLEL= runs them in one.
PARALLEL ?= -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Programs start by the hundred in tests: what one has compiled the next one finds.
export PYTHONDONTWRITEBYTECODE :=

# Stamps are named for what is installed by: the same environment serves until one changes.
HASH := $(shell cat pyproject.toml constraints.txt | cksum | tr -d ' ')
EXTRAS := dask,evaluate,oidc,parquet,postgres,server

.PHONY: demo serve test check format messages test-browser test-peers test-parity soak mutants bench clean
.SECONDARY:

demo: $(VENV)/demo-$(HASH).stamp
	$(BIN)/python scripts/demo.py --out $(DEMO_OUT) --lang $(DEMO_LANGUAGE) $(if $(FETCH),--fetch)

serve: $(VENV)/serve-$(HASH).stamp
	CXR_TRIAGE_STORE_DIR=$(SERVE_OUT) $(BIN)/cxr-triage serve --demo --lang $(DEMO_LANGUAGE) $(SERVE_ARGS)

test: $(VENV)/test-$(HASH).stamp
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

check: $(VENV)/check-$(HASH).stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/check-$(HASH).stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: $(VENV)/test-$(HASH).stamp
	$(BIN)/python scripts/compile_messages.py

test-browser: $(VENV)/browser-$(HASH).stamp out/axe/package/axe.min.js
	$(BIN)/python -m pytest $(PARALLEL) -m browser $(PYTEST_ARGS)

test-peers: $(VENV)/test-$(HASH).stamp
	$(BIN)/python -m pytest -m peers $(PYTEST_ARGS)

# The environment may be another checkout's: what is tested is the source of this one.
test-parity: $(PARITY_VENV)/parity-$(HASH).stamp
	PYTHONPATH=src $(PARITY_BIN)/python -m pytest -m parity $(PYTEST_ARGS)

# What is the better the longer it runs.
soak: $(VENV)/test-$(HASH).stamp
	SOAK=1 $(BIN)/python -m pytest -m soak $(PYTEST_ARGS)

# Faults put into the rules on purpose, one by one: which of them does no test notice?
# make mutants MUTANTS='cxr_triage.triage.rank.*'
mutants: $(VENV)/mutants-$(HASH).stamp
	$(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results | grep -v ': not checked$$' || true

bench: $(PARITY_VENV)/parity-$(HASH).stamp
	$(PARITY_BIN)/python benchmarks/bench.py $(BENCH_ARGS)
	$(PARITY_BIN)/python benchmarks/pipeline.py
	$(PARITY_BIN)/python benchmarks/fetch_model.py
	$(PARITY_BIN)/python benchmarks/service.py
	$(PARITY_BIN)/python benchmarks/web.py
	$(PARITY_BIN)/python benchmarks/audit_check.py
	PYTHONPATH=. $(PARITY_BIN)/python benchmarks/receiving.py

clean:
	rm -rf $(VENV) $(PARITY_VENV) out build dist mutants

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(PARITY_VENV)/bin/python:
	$(PYTHON) -m venv $(PARITY_VENV)

# What is published needs no newer pip than a machine has. Modules are compiled as they are used:
# a third of the time.
$(VENV)/demo-$(HASH).stamp: | $(VENV)/bin/python
	$(BIN)/python $(PIP) --no-compile --editable '.[demo]'
	@touch $@

$(VENV)/serve-$(HASH).stamp: | $(VENV)/bin/python
	$(BIN)/python $(PIP) --no-compile --editable '.[demo,server]'
	@touch $@

# Dependency groups (PEP 735) need pip 25.1.
%/pip.stamp: | %/bin/python
	$*/bin/python $(PIP) --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/%-$(HASH).stamp: | $(VENV)/pip.stamp
	$(BIN)/python $(PIP) --editable '.[$(EXTRAS)]' --group $*
	@touch $@

# Deque's accessibility rules, for the browser tests alone.
out/axe/package/axe.min.js:
	mkdir -p out/axe
	cd out/axe && npm pack --silent axe-core@$(AXE_VERSION) && tar xzf axe-core-$(AXE_VERSION).tgz

$(PARITY_VENV)/parity-$(HASH).stamp: | $(PARITY_VENV)/pip.stamp
	$(PARITY_BIN)/python $(PIP) --editable '.[$(EXTRAS)]' --group parity
	@touch $@
