# edgeproof. `make` on its own lists the targets.
#
# Every path here is relative: make cannot hold a space in a target's name, and
# the checkout may be in a folder that has one.

PYTHON ?= python3
# extra arguments for the command a target runs: make test ARGS='-k worker'
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1
export PIP_PROGRESS_BAR = off
# Where Python is told to keep no bytecode (many containers do), every process of the tests would compile every module.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/.ready
RUNTIME := node_modules/.ready
SPARK := .venv/.spark
INSTALL_SPARK := $(BIN)/python -m pip install --quiet --require-hashes --no-deps --no-build-isolation -r requirements-spark.lock && touch $(SPARK)
INSTALL_WORKERD := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch $(RUNTIME)
TYPED := -p edgeproof -p tests

MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup workerd spark verify test edits mutants faults docs bench peers random long lint types format lock clean

# The stamp holds the folder it was made in. A virtual environment cannot be moved (its scripts and
# the editable install name their folder), so in a copied or moved tree the stamp is dropped here and
# the environment made anew.
ifneq ($(wildcard $(READY)),)
$(shell [ "$$(cat $(READY))" = "$$(pwd -P)" ] && $(BIN)/python -c '' 2>/dev/null || rm -f $(READY))
endif

help: ## list the targets
	@sed -n 's/^\([a-z][a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: $(READY) ## make .venv from requirements.lock (the others do this by themselves)
	@:

workerd: ## install Cloudflare's runtime, for the checks that run on it (needs npm)
	@command -v npm >/dev/null || { echo 'workerd comes by npm, and there is no npm here' >&2; exit 1; }
	@$(INSTALL_WORKERD)

spark: $(READY) ## install Spark, for `edgeproof check --engine spark` (needs Java 17 or 21)
	@$(INSTALL_SPARK)

verify: $(READY) $(RUNTIME) ## check the designs and the implementation, and write the reports
	@$(BIN)/edgeproof verify $(ARGS)

test: $(READY) $(RUNTIME) $(SPARK) ## run the tests, on three processes, as many of them wait
	@$(BIN)/python -m pytest -n 3 $(ARGS)

edits: $(READY) $(RUNTIME) ## make subtle edits of the implementations, each in a copy of its own: lockstep has to find them
	@$(BIN)/python -m tests.edits $(ARGS)

mutants: $(READY) $(RUNTIME) ## have operators make slips in the implementations: lockstep has to find them, or there is a reason
	@$(BIN)/python -m tests.edits.mutants $(ARGS)

faults: $(READY) $(RUNTIME) ## disks that are full, kill -9, damaged files and more: nothing acknowledged may be lost; writes docs/faults.md
	@$(BIN)/python -m tests.faults $(ARGS)

docs: $(READY) ## build the site in build/docs; writes docs/field-reports.md anew first, from field-reports.toml beside it
	@$(BIN)/python -m tests.docs.field_reports
	@$(BIN)/python -m sphinx --quiet --fail-on-warning --fresh-env -c docs/sphinx -d build/doctrees . build/docs
	@echo 'build/docs/index.html'

bench: $(READY) ## run the benchmarks (tests/benchmarks/bench_*.py), one at a time
	@$(BIN)/python -m pytest tests/benchmarks -s -p no:xdist \
		-o python_files='bench_*.py' -o python_functions='bench_* test_*' $(ARGS)

peers: $(READY) ## let SPIN check what `edgeproof export` writes, against our own search (needs spin and gcc)
	@command -v spin >/dev/null && command -v gcc >/dev/null || \
		{ echo 'make peers needs SPIN and a C compiler. On Debian: apt-get install spin gcc libc6-dev' >&2; exit 1; }
	@$(BIN)/python -m pytest tests/peers -s -p no:xdist -o python_files='peer_*.py' $(ARGS)

random: $(READY) ## hold the engines to each other on 1,000 random designs (EDGEPROOF_DESIGNS, EDGEPROOF_SEED)
	@$(BIN)/python -m pytest tests/properties -s -p no:xdist -o python_files='many_*.py' $(ARGS)

long: $(READY) $(RUNTIME) $(SPARK) ## tests that take minutes, on workerd (the platform's own alarm retries, every order of two operations), on Spark, and under kill -9
	@$(BIN)/python -m pytest tests/workerd tests/spark tests/faults tests/git -s -p no:xdist -o python_files='long_*.py' $(ARGS)

lint: $(READY) ## ruff, its formatter as a check, and the import contracts
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/ruff format --check . || status=1; \
	$(BIN)/lint-imports --no-logo || status=1; \
	exit $$status

types: $(READY) ## mypy --strict
	@$(BIN)/mypy --strict $(TYPED)

format: $(READY) ## reformat the code and mend what ruff can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

# uv reads no pip configuration: where packages come from another index than the public one, give it
# UV_DEFAULT_INDEX in the environment. Nothing of it is written to the lock.
# UPGRADE=1 moves every pin to the newest version; otherwise only what pyproject.toml asks is changed.
lock: $(READY) ## pin pyproject.toml's dependencies again (UPGRADE=1: to the newest)
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-config --no-emit-index-url --no-emit-find-links \
		$(if $(UPGRADE),--upgrade) --quiet --output-file requirements.lock
	@sed -n 's/^spark = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(BIN)/uv pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-config --no-emit-index-url --no-emit-find-links \
		$(if $(UPGRADE),--upgrade) --quiet --output-file requirements-spark.lock
	@echo 'requirements.lock and requirements-spark.lock are up to date; the next target sets .venv up by them.'

clean: ## remove .venv, caches and what was built or reported
	@rm -rf .venv node_modules build dist *.egg-info reports/out \
		.hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name .git -prune -o -type d -name __pycache__ -exec rm -rf {} +

# Without npm or a network the checks on the real runtime have no verdict, and say so; everything else runs.
$(RUNTIME): package-lock.json
	@if command -v npm >/dev/null; then \
		echo 'Installing workerd (120 MB), for the checks on the real runtime.'; \
		{ $(INSTALL_WORKERD); } || echo 'workerd could not be installed; `make workerd` tries again.' >&2; \
	else \
		echo 'No npm here, so no workerd: the checks on the real runtime will not be decided.' >&2; \
	fi

# Without Java or a network the tests on a cluster of Spark are not run, and say so.
$(SPARK): requirements-spark.lock | $(READY)
	@if command -v java >/dev/null; then \
		echo 'Installing Spark (460 MB), for the checks of histories on a cluster.'; \
		{ $(INSTALL_SPARK); } || echo 'Spark could not be installed; `make spark` tries again.' >&2; \
	else \
		echo 'No Java here, so no Spark: the tests on a cluster will not run.' >&2; \
	fi

# The whole environment is made anew when the lock (or its place) has changed, so that it holds the
# lock's packages and no others; a change of pyproject.toml alone only repeats the editable install.
$(READY): requirements.lock pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo 'edgeproof needs Python 3.11 or newer: no $(PYTHON) found (set PYTHON=...)' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "edgeproof needs Python 3.11 or newer: $(PYTHON) is $$("$(PYTHON)" -V 2>&1) (set PYTHON=...)" >&2; exit 1; }
	@set -e; \
	made="$$(pwd -P)"; \
	if ! { [ "$$(cat .venv/.place 2>/dev/null)" = "$$made" ] && cmp -s .venv/.lock requirements.lock \
			&& $(BIN)/python -c '' 2>/dev/null; }; then \
		echo 'Setting up .venv: installing the packages pinned in requirements.lock (some 750 MB, most of it compilers and solvers); takes about a minute.'; \
		"$(PYTHON)" -m venv --clear .venv; \
		$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock; \
		cp requirements.lock .venv/.lock; \
		printf '%s\n' "$$made" > .venv/.place; \
	fi; \
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .; \
	printf '%s\n' "$$made" > $(READY)
