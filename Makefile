# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CHECK_PYTHON = @$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Batchpoint needs Python 3.11 or later; this is %s. Say which to use: make $(MAKECMDGOALS) PYTHON=python3.11" % sys.version.split()[0])'

# The benchmarks run in an environment of their own, so that Ray is nowhere else. QUICK=1 needs neither.
BENCH := build/bench/venv
BENCH_BIN := $(if $(QUICK),$(BIN),$(BENCH)/bin)
BENCH_INSTALLED := $(if $(QUICK),$(INSTALLED),$(BENCH)/.installed)

.PHONY: demo environments test check soak fix docs bench bench-scale bench-profile bench-watching load install azurite clean

demo: $(INSTALLED)
	$(BIN)/batchpoint demo $(if $(CLEAN),--clean)

# torch and TensorFlow in environments of their own, and neither beside Batchpoint. Some minutes, and 3 GB.
environments: build/environments/.installed
	build/environments/venv/bin/python -m examples.mnist.score_in_environments

build/environments/.installed: pyproject.toml constraints.txt
	$(CHECK_PYTHON)
	test -x build/environments/venv/bin/python || $(PYTHON) -m venv build/environments/venv
	build/environments/venv/bin/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

test: $(INSTALLED)
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not alone"
	$(BIN)/pytest -m alone

# Everything that needs no server and no framework, under a minute.
check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -m "not server and not slow"

# Misbehaving scripts and killed jobs at random, at length: some hours, or as many cases as CASES says.
soak: CASES = 10000
soak: $(INSTALLED)
	FAULT_CASES=$(CASES) KILLED_JOBS=$(shell expr $(CASES) / 10) $(BIN)/pytest --timeout=0 tests/scoring/test_any_faults.py tests/scoring/test_killed_jobs.py

fix: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The reference pages, from the schemas and the commands' help.
docs: $(INSTALLED)
	$(BIN)/python docs/generate.py

# Batchpoint beside other ways to run the same script: benchmarks/README.md.
bench: $(BENCH_INSTALLED)
	$(BENCH_BIN)/python -m benchmarks.compare $(if $(QUICK),--quick)
	$(BENCH_BIN)/python -m benchmarks.commands $(if $(QUICK),--repeats 1)
	$(BENCH_BIN)/python -m benchmarks.environments $(if $(QUICK),--pairs 1)
	$(BENCH_BIN)/python -m benchmarks.objects $(if $(QUICK),--objects 200 --repeats 1)

bench-scale: $(BENCH_INSTALLED)
	$(BENCH_BIN)/python -m benchmarks.scale $(if $(QUICK),--files 1000)

bench-profile: $(BENCH)/.installed
	$(BENCH)/bin/python -m benchmarks.profiles

# What following a job in a terminal costs.
bench-watching: $(INSTALLED)
	$(BIN)/python -m benchmarks.watching $(if $(QUICK),--mini-batches 50 --pairs 1)

# Jobs sent over HTTP all at once while others are looked at, on SQLite and on PostgreSQL.
load: $(INSTALLED)
	$(BIN)/python -m benchmarks.load

install: $(INSTALLED)

# The Azure Blob server that tests start, given node and npm; without it they leave those tests out and say so.
azurite: node_modules/azurite

node_modules/azurite:
	npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix . azurite@3.37.0

$(INSTALLED): pyproject.toml constraints.txt
	$(CHECK_PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[azure,mlflow,torch,tensorflow,dev]'
	touch $(INSTALLED)

$(BENCH)/.installed: pyproject.toml constraints.txt
	$(CHECK_PYTHON)
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[torch,bench]'
	touch $(BENCH)/.installed

clean:
	rm -rf $(VENV) build/bench build/environments .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
