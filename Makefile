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

.PHONY: demo serve test check format messages test-browser test-peers test-parity bench clean

demo: $(VENV)/demo.stamp
	$(BIN)/python scripts/demo.py --out $(DEMO_OUT) --lang $(DEMO_LANGUAGE) $(if $(FETCH),--fetch)

serve: $(VENV)/serve.stamp
	CXR_TRIAGE_STORE_DIR=$(SERVE_OUT) $(BIN)/cxr-triage serve --demo --lang $(DEMO_LANGUAGE) $(SERVE_ARGS)

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/check.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/check.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: $(VENV)/test.stamp
	$(BIN)/python scripts/compile_messages.py

test-browser: $(VENV)/browser.stamp out/axe/package/axe.min.js
	$(BIN)/python -m pytest -m browser $(PYTEST_ARGS)

test-peers: $(VENV)/test.stamp
	$(BIN)/python -m pytest -m peers $(PYTEST_ARGS)

test-parity: $(PARITY_VENV)/parity.stamp
	$(PARITY_BIN)/python -m pytest -m parity $(PYTEST_ARGS)

bench: $(PARITY_VENV)/parity.stamp
	$(PARITY_BIN)/python benchmarks/pipeline.py
	$(PARITY_BIN)/python benchmarks/heatmaps.py
	$(PARITY_BIN)/python benchmarks/cold_start.py
	$(PARITY_BIN)/python benchmarks/fetch_model.py
	$(PARITY_BIN)/python benchmarks/service.py

clean:
	rm -rf $(VENV) $(PARITY_VENV) out build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(PARITY_VENV)/bin/python:
	$(PYTHON) -m venv $(PARITY_VENV)

$(VENV)/serve.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python $(PIP) --editable '.[demo,server]'
	@touch $@

# One stamp for each set of extras; a changed pyproject.toml or constraints.txt renews it.
$(VENV)/%.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python $(PIP) --editable '.[$*]'
	@touch $@

# Deque's accessibility rules, for the browser tests alone.
out/axe/package/axe.min.js:
	mkdir -p out/axe
	cd out/axe && npm pack --silent axe-core@$(AXE_VERSION) && tar xzf axe-core-$(AXE_VERSION).tgz

$(PARITY_VENV)/parity.stamp: $(PARITY_VENV)/bin/python pyproject.toml constraints.txt
	$(PARITY_BIN)/python $(PIP) --editable '.[test,parity]'
	@touch $@
