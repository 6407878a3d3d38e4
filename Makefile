# Every target needs only make and a Python of 3.11 or newer; the first run sets up the tools under .local/.
# `make help` lists the targets.

.DEFAULT_GOAL := help
.NOTPARALLEL:

# What the caller has set for AWS, Python and the tools in other projects must not reach what runs here.
# Package indexes, proxies and certificates do pass.
unexport $(filter-out AWS_CA_BUNDLE,$(filter AWS_% PYTHON% PYTEST_% MYPY% RUFF_% SAM_CLI_% MINISTACK_% VIRTUAL_ENV,$(.VARIABLES)))
export PYTHONUNBUFFERED = 1
# SAM packs a function's folder as it is, and bytecode beside app.py would change the package.
export PYTHONPYCACHEPREFIX = $(CURDIR)/.local/cache/bytecode
export SAM_CLI_TELEMETRY = 0

BIN = .local/venv/dev/bin
TOOLS = python=$$(sh local/toolchain/find-python) && PYTHONPATH=local "$$python" -m toolchain
# More arguments for the command behind a target: make test ARGS="-k signature"
ARGS =

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: up ## from nothing to a mirrored calendar, line by line; leaves the stack running
	@$(BIN)/python -m demonstration $(ARGS)

.PHONY: up
up: tools ## local AWS, Cronofy simulator and the deployed application (CRONOFY_API_URL: another provider)
	@$(BIN)/python -m local_stack up $(ARGS)

.PHONY: containers
containers: tools ## let containers of this machine reach the local stack (sam local); until make down
	@$(BIN)/python -m local_stack containers $(ARGS)

.PHONY: down
down: ## stop the local stack and remove what it holds
	@test ! -x $(BIN)/python || $(BIN)/python -m local_stack down $(ARGS)

# End-to-end tests mostly wait: a second process does the others meanwhile. One process: make test PARALLEL=
PARALLEL = --numprocesses 2 --no-loadscope-reorder

.PHONY: test
test: tools ## all tests, on a local stack of their own
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

.PHONY: check
check: tools ## format, lint, types, template, AWS's checklists
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy layers/calendar_mirror functions cli local benchmarks
	@for template in template.yaml examples/*/template.yaml; do \
	  AWS_DEFAULT_REGION=us-east-1 .local/venv/sam/bin/sam validate --lint --template $$template || exit 1; done
	@$(BIN)/cfn-lint --regions us-east-1 eu-central-1 -- template.yaml examples/*/template.yaml
	@$(BIN)/cfn-lint --append-rules cfn_lint_serverless.rules --regions us-east-1 -- template.yaml
	@$(TOOLS) checkov
	@.local/venv/checkov/bin/checkov --framework cloudformation --skip-download --quiet --compact --file template.yaml

.PHONY: bench
bench: tools ## the benchmarks: tables, and benchmarks/results/*.json
	@$(BIN)/python -m benchmarks $(ARGS)

# How many seeds, and from which on.
SEEDS = 2000
FIRST = 0

.PHONY: soak
soak: tools ## the simulation: as many seeds as asked for (SEEDS=20000, FIRST=0), on all processors
	@$(BIN)/python -m tests.simulation --soak $(SEEDS) --first $(FIRST) $(ARGS)

.PHONY: policy
policy: tools ## write the IAM policy of whoever deploys anew
	@$(BIN)/python -m deployer $(ARGS) >docs/deployer-policy.json

.PHONY: samples
samples: tools ## sign the sample events anew
	@$(BIN)/calmirror sample all --at 2099-01-31T09:00:02.417Z --write events $(ARGS)

LOCK = .local/venv/lock/bin/uv pip compile --quiet --python .local/venv/lock/bin/python \
	--generate-hashes --no-emit-index-url --no-header

.PHONY: lock
lock: ## pin the requirements anew (ARGS=--upgrade: the newest versions)
	@$(TOOLS) lock
	@for pins in layers/calendar_mirror/requirements requirements/lock requirements/sam requirements/ministack \
	  requirements/cdk requirements/checkov requirements/dev; do \
	  $(LOCK) --universal --python-version 3.11 $(ARGS) $$pins.in --output-file $$pins.txt >/dev/null || exit 1; done
	@$(LOCK) --python-platform linux --python-version 3.13 --exclude-newer 2026-04-10 \
	  requirements/localstack.in --output-file requirements/localstack.txt >/dev/null

.PHONY: second-emulator
second-emulator: tools ## deploy what LocalStack can to LocalStack; needs Python 3.13 on Linux
	@$(BIN)/python -m second_emulator $(ARGS)

.PHONY: clean
clean: down ## remove everything that the targets made
	@rm -rf .local .aws-sam *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: tools
tools:
	@$(TOOLS) dev sam ministack
