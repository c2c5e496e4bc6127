# What a person types: each is one command of `python -m tools`, in the project's own virtual environment.
STACK ?= local
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: $(shell sed -nE 's/^([a-z][a-z -]*):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## This list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# Written last, so that an installation that was interrupted is done again.
$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11, 5) <= sys.version_info < (3, 13))' \
	  || { echo "Python 3.11 (from 3.11.5 on) or 3.12 is needed (MLServer runs on no later one): make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --require-hashes --requirement requirements.lock
	@touch $@

lock: ## Write requirements.lock anew after a change of a requirement: make lock [ARGS=--upgrade]
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11.5 --generate-hashes --custom-compile-command "make lock" \
	  requirements-dev.txt --output-file requirements.lock $(ARGS)

tools: $(VENV)/installed ## Get the pinned tools into .tools/bin, if they are not there.
	@$(PY) -m tools tools

up preview refresh destroy cancel output: $(VENV)/installed
	@$(PY) -m tools $@ $(STACK) $(if $(CONFIRM),--confirm $(CONFIRM)) $(ARGS)
up: ## Make the stack, or bring it up to date: make up STACK=dev (default: local, no containers needed)
preview: ## Show what `up` would do.
refresh: ## Read the real state of what the stack made.
destroy: ## Remove everything that the stack made.
cancel: ## Unlock the stack after an `up` that was killed.
output: ## Print the stack's outputs: make output STACK=dev ARGS=tracking

start stop: $(VENV)/installed
	@$(PY) -m tools $@ $(STACK)
start: ## Start the embedded cluster and servers of a stack, without Pulumi.
stop: ## Stop them; their data stays.

status cost graph: $(VENV)/installed
	@$(PY) -m tools $@ $(STACK) $(ARGS)
status: ## Show how a stack is: servers, models, replicas, certificates, backups.
cost: ## Show the cpu, memory and GPUs that a stack asks for: make cost STACK=prod [ARGS="--cpu 0.04 --memory 0.005"]
graph: ## Draw the stack into STACK.svg.

logs: $(VENV)/installed ## Show what a model's server says: make logs STACK=dev MODEL=name [ARGS=--follow]
	@$(PY) -m tools logs $(STACK) "$(MODEL)" $(ARGS)

open: $(VENV)/installed ## Open a page: make open STACK=dev [WHAT=mlflow, grafana, or a model's name] [ARGS=--login]
	@$(PY) -m tools open $(STACK) $(WHAT) $(ARGS)

teardown: $(VENV)/installed ## Finish a destroy whose controllers are gone.
	@$(PY) -m tools teardown $(STACK) $(ARGS)

doctor: $(VENV)/installed ## Say what would fail an `up`, before it begins: make doctor STACK=dev
	@$(PY) -m tools doctor $(STACK) $(ARGS)

upgrade-check: $(VENV)/installed ## Compare the versions that a stack has with those that it asks for.
	@$(PY) -m tools upgrade-check $(STACK)

check: $(VENV)/installed ## Check the settings of every stack, without Pulumi.
	@$(PY) -m tools check $(ARGS)

render: $(VENV)/installed ## Write every manifest of a stack, charts included: make render STACK=dev ARGS="--to FOLDER"
	@$(PY) -m tools render $(STACK) $(ARGS)

images: $(VENV)/installed ## List every image and chart of a stack: make images STACK=prod [ARGS=--lock]
	@$(PY) -m tools images $(STACK) $(ARGS)

mirror: $(VENV)/installed ## Copy them into a registry: make mirror STACK=prod ARGS="--to HOST/PATH"
	@$(PY) -m tools mirror $(STACK) $(ARGS)

versions: $(VENV)/installed ## Write docs/versions.md: every pin, and until when it is supported.
	@$(PY) -m tools versions

schema: $(VENV)/installed ## Write the JSON schema of the stack files, for editors.
	@$(PY) -m tools schema > stack.schema.json

timeline: $(VENV)/installed ## What the last `up` waited for: make timeline STACK=dev ARGS="--svg FILE"
	@$(PY) -m tools timeline $(STACK) $(ARGS)

bench: tools ## Measure Slipway beside its alternatives: make bench [WHAT="engine startup"] [STACK=dev] [ARGS=--quick]
	@$(PY) -m tools bench $(WHAT) $(if $(filter command environment,$(origin STACK)),--stack $(STACK)) $(ARGS)

interruptions: tools ## Cut off `up` and `destroy` at random moments: make interruptions STACK=local ARGS="--rounds 20"
	@$(PY) -m tools interruptions $(STACK) $(ARGS)

predict: $(VENV)/installed ## Ask the deployed models: make predict STACK=dev [ARGS="--inputs rows.csv --repeat 100"]
	@$(PY) -m tools predict $(STACK) $(ARGS)

serve: $(VENV)/installed ## Serve a model folder on this machine, without a container: make serve MODEL=path ARGS="--port 8080"
	@$(PY) -m tools serve "$(MODEL)" $(ARGS)

new-model: $(VENV)/installed ## Begin a model of your own: make new-model NAME=churn
	@$(PY) -m tools new-model "$(NAME)"

key: $(VENV)/installed ## Print a client's API key: make -s key STACK=prod CLIENT=name (default: the stack's own)
	@$(PY) -m tools key $(STACK) $(CLIENT)

rotate: $(VENV)/installed ## Turn a secret over: make rotate STACK=prod WHAT=database (or store, api-key:NAME, all …)
	@$(PY) -m tools rotate $(STACK) "$(WHAT)" $(ARGS)

backup: $(VENV)/installed ## Take database and artifacts of one moment: make backup STACK=prod [ARGS="--to s3://bucket/path"]
	@$(PY) -m tools backup $(STACK) $(ARGS)

restore: $(VENV)/installed ## Bring a backup back into an empty stack: make restore STACK=prod FROM=place
	@$(PY) -m tools restore $(STACK) "$(FROM)" $(ARGS)

pin: $(VENV)/installed ## Write the digest of what the models hold now into the stack file.
	@$(PY) -m tools pin $(STACK) $(MODEL)

scale: $(VENV)/installed ## Set a model's replicas in the stack file: make scale STACK=dev MODEL=name REPLICAS=3
	@$(PY) -m tools scale $(STACK) "$(MODEL)" "$(REPLICAS)"

canary: $(VENV)/installed ## Give a version a share: make canary STACK=dev MODEL=name SOURCE=models:/name/2 PERCENT=10
	@$(PY) -m tools canary $(STACK) "$(MODEL)" "$(SOURCE)" "$(PERCENT)"

promote: $(VENV)/installed ## Make the canary the version: make promote STACK=dev MODEL=name
	@$(PY) -m tools promote $(STACK) "$(MODEL)"

rollback: $(VENV)/installed ## Take the canary back, or the version: make rollback STACK=dev MODEL=name [TO=models:/name/1]
	@$(PY) -m tools rollback $(STACK) "$(MODEL)" $(if $(TO),--to "$(TO)")

prune: $(VENV)/installed ## Delete old model images: make prune STACK=dev ARGS=--dry-run
	@$(PY) -m tools prune $(STACK) $(ARGS)

hpa: $(VENV)/installed ## Forecast the autoscaling: make hpa FILE=Pulumi.dev.yaml ARGS='--load spike --high 200'
	@$(PY) -m hpa $(or $(FILE),Pulumi.$(STACK).yaml) $(ARGS)

lint: $(VENV)/installed ## Linter, formatter and type checker.
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

audit: $(VENV)/installed ## Known holes: of the workflows, of the own manifests, and of what is installed (asks PyPI).
	$(VENV)/bin/uv tool run zizmor@1.32.0 --offline --quiet .github
	for stack in dev prod; do $(PY) -m tools render $$stack --to .slipway/audit/$$stack 2> /dev/null; done
	$(VENV)/bin/uv tool run checkov@3.2.533 --config-file .checkov.yaml --directory .slipway/audit
	$(VENV)/bin/uv tool run pip-audit@2.10.1 --strict --requirement requirements.lock --disable-pip --require-hashes --progress-spinner off

docs: $(VENV)/installed ## Build the documents' site into .site/, with every link checked.
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet
	@echo .site/index.html

test: tools lint ## Everything that needs no container engine.
	$(PY) -m pytest

coverage: $(VENV)/installed ## What the unit tests run of the code, line by line in .coverage-html/.
	$(PY) -m pytest tests/unit tests/hpa --cov --cov-report=term:skip-covered --cov-report=html

test-unit: $(VENV)/installed ## One or two minutes.
	$(PY) -m pytest tests/unit

test-model: $(VENV)/installed ## Real MLflow and MLServer, about a minute.
	$(PY) -m pytest tests/model

test-servers: $(VENV)/installed ## The serving tests on KServe's server too, in an environment of its own.
	$(VENV)/bin/uv venv --quiet --clear --python $(PY) .slipway/kserve
	$(VENV)/bin/uv pip install --quiet --python .slipway/kserve/bin/python --requirement model/servers/kserve.txt
	KSERVE_PYTHON=$(CURDIR)/.slipway/kserve/bin/python $(PY) -m pytest tests/model/test_model_serving.py tests/model/test_over_grpc.py

test-hpa: $(VENV)/installed ## 1,100 random cases on the real HPA controller, many minutes; etcd and Kubernetes' binaries needed.
	$(PY) -m pytest tests/hpa -m controller

test-embedded: tools ## The whole program on a real API server with simulated pods, minutes.
	$(PY) -m pytest tests/embedded

test-team: tools ## Two people on one state, and runs that are cut off: many minutes; minio on PATH for the buckets.
	$(PY) -m pytest tests/embedded -m team

test-bench: tools ## The benchmarks in their short form, to see that they work: minutes.
	$(PY) -m pytest tests/embedded -m bench

test-support: $(VENV)/installed ## A model of every flavor, logged and served: writes docs/model-support.md, many minutes.
	$(PY) -m pytest tests/support -m support

test-kind: $(VENV)/installed ## A real kind cluster, from nothing to nothing: minutes; docker, kind and pulumi needed.
	$(PY) -m pytest tests/kind -m kind
