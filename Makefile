# Every target sets up .venv by itself the first time (pinned by constraints.txt) and is instant to enter afterwards.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=

GOALS := help run test test-slow lint format docs ui bench bench-board bench-compare bench-page constraints hashes hashed clean
TAKE_ARGS := run test test-slow ui bench bench-board bench-compare

.DEFAULT_GOAL := help
.PHONY: $(GOALS)
include tools/typed.mk

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt setup.py $(wildcard src/spinnaker_board/core/*.[ch])
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else f"varesearch needs Python 3.11 to 3.13, and $(PYTHON) is {v.major}.{v.minor}: try make PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once, a few minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile --constraint constraints.txt --editable '.[nest,spinnaker,slurm,optuna,pyspike,sonata,nir,docs,dev]'
	@$(BIN)/python -m compileall -q $(VENV)/lib src > $(VENV)/compileall.log 2>&1 || true  # some packages ship files that are no Python 3
	@touch $@

run: $(READY) ## simulate, analyse, track: make run ARGS="cell=if_cond_exp"
	@$(BIN)/python -m varesearch $(ARGS)

test: $(READY) ## the suite, without what is marked slow, on every processor
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

$(VENV)/.ray: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[ray]' && touch $@

test-slow: $(VENV)/.ray ## what is marked slow
	@$(BIN)/python -m pytest -m slow $(ARGS)

bench: $(READY) ## times beside the scripts that users would write (about 17 minutes)
	@$(BIN)/python -m varesearch bench measure $(ARGS)

bench-board: $(READY) ## the software board's own speed, interpreted and translated, and its growth
	@$(BIN)/python -m varesearch bench board $(ARGS)

bench-compare: $(READY) ## two sessions side by side; fails if a ratio got worse
	@$(BIN)/python -m varesearch bench compare $(ARGS)

bench-page: $(READY) ## the newest session into docs/benchmarks.md
	@$(BIN)/python -m varesearch bench page last

C_FILES = $(shell find src tests -name '*.[ch]' -o -name '*.cpp')

lint: $(VENV)/.ray ## ruff, clang-format and pyright
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/clang-format --dry-run --Werror $(C_FILES) && $(BIN)/pyright

format: $(READY) ## lay out the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format . && $(BIN)/clang-format -i $(C_FILES)

docs: $(READY) ## the documentation's site, into site/, strict
	@$(BIN)/python -m varesearch_tools.pages
	@$(BIN)/zensical build --strict --clean

ui: $(READY) ## the tracker's pages in a browser
	@$(BIN)/python -m varesearch ui $(ARGS)

EXTRAS := --extra nest --extra spinnaker --extra slurm --extra ray --extra optuna --extra pyspike --extra sonata --extra nir --extra docs --extra dev
RESOLVE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate $(EXTRAS) pyproject.toml

constraints: $(READY) ## resolve constraints.txt anew for Python 3.11 to 3.13, and the hashes with it
	@$(BIN)/python -m pip install --quiet uv
	@{ sed -n '/^#/p' constraints.txt; $(RESOLVE) --upgrade; } > constraints.new && mv constraints.new constraints.txt
	@$(MAKE) --no-print-directory hashes

hashes: $(READY) ## requirements-hashed.txt: the versions of constraints.txt with the hashes of their files
	@$(BIN)/python -m pip install --quiet uv
	@{ sed -n '/^#/p' requirements-hashed.txt; $(RESOLVE) --constraint constraints.txt --generate-hashes; } > hashed.new && mv hashed.new requirements-hashed.txt

install-hashed: ## set up .venv from requirements-hashed.txt: every file that is fetched is compared with its hash
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^[^ ]/ {wanted = /^setuptools==/} wanted' requirements-hashed.txt > $(VENV)/setuptools.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/setuptools.txt
	@awk '/^[^ ]/ {wanted = !/^pyspike==/} wanted' requirements-hashed.txt > $(VENV)/hashed.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation --requirement $(VENV)/hashed.txt
	@# What pyspike is compiled with has to be there.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation --requirement requirements-hashed.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY) $(VENV)/.ray

clean: ## remove what was built (mlruns stays)
	rm -rf $(VENV) .cache build site .pytest_cache .ruff_cache .hypothesis
