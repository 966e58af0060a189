# `make` alone prints this list. Every target sets up what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ_SECONDS ?= 60
STAMP := $(VENV)/.ringside-installed
LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help setup packages demo test check unit plain integration faults soak security format lint types \
	imports audit fuzz sbom generate requirements bench bench-deals bench-alerts verify-bank-week \
	verify-erlang verify-pipelines secrets clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv and install everything, pinned by hash

$(STAMP): requirements/dev.txt pyproject.toml hatch_build.py $(wildcard */fast_*.pyx */fast_*.pxd)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

packages: ## Install the Debian packages that tests and demo can use (as root)
	sh deploy/install-debian-packages.sh

demo: setup ## Start everything on this machine, with a simulated floor; Ctrl-C stops it
	$(BIN)/ringside demo

test: setup check plain audit integration ## Run everything: checks, unit, property and integration tests

check: setup lint types imports unit ## Run this before every commit; it needs no servers

unit: setup ## Run the unit and property tests
	$(BIN)/python -m pytest -q -m "not integration"

plain: setup ## Run the tests of codec and core without the compiled modules
	PLAIN=1 $(BIN)/python -m pytest -q tests/schemas tests/streams --numprocesses=2

# The faults' moments are the same each time; `make faults` has new ones.
integration: setup ## Run the tests against real Kafka, PostgreSQL and Prometheus, started as processes
	$(BIN)/python -m pytest -q tests/integration tests/faults -m "integration and not long" \
		--numprocesses=2 --dist=loadfile --seed $(or $(SEED),1)

# SEED=n repeats a run's random moments; ROWS="-k naive", for instance, runs some.
faults: setup ## Test every fault of docs/guarantees.md, by its row (half an hour)
	$(BIN)/python -m pytest -q tests/faults --faults --broker=apache --numprocesses=2 --dist=worksteal \
		$(if $(SEED),--seed $(SEED)) $(ROWS)

soak: setup ## Roll panes for half an hour and watch the memory (MINUTES=n: another length)
	$(BIN)/python -m pytest -q tests/faults --faults --broker=apache -k memory_stays_level \
		--soak-minutes $(or $(MINUTES),30)

security: setup ## Run every test of encryption, rights, personal data and hostile input
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/security.txt
	$(BIN)/python -m pytest -q tests/integration/security tests/fuzz tests/test_compose.py \
		tests/agents/test_metrics_access.py tests/agents/test_kafka_rights.py \
		tests/agents/test_settings.py tests/agents/test_cli_publish.py \
		tests/schemas/test_codec_hostile.py tests/streams/test_names.py \
		tests/streams/test_successors.py tests/streams/test_erasures.py \
		tests/test_audit.py tests/test_sbom.py tests/integration/test_postgres_prune.py \
		tests/integration/test_postgres_roles.py tests/integration/test_replay.py

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

audit: setup ## Look for known vulnerabilities in the pinned dependencies
	$(BIN)/python deploy/audit.py requirements/runtime.txt

fuzz: setup ## Fuzz the codec and the core behind it for FUZZ_SECONDS (60), guided by coverage
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/security.txt
	mkdir -p .ringside/fuzz
	$(BIN)/python -m tests.fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=70000 -timeout=60 \
		-print_final_stats=1 -artifact_prefix=.ringside/fuzz/

sbom: setup ## Write the bill of materials (CycloneDX) to .ringside/sbom.cdx.json
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/security.txt
	mkdir -p .ringside
	$(BIN)/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file .ringside/sbom.cdx.json

generate: setup ## Rewrite every generated file: boards, rules, views, docs
	$(BIN)/ringside dashboards build
	$(BIN)/ringside alerts config --output deploy/alertmanager/alertmanager.yml
	$(BIN)/python -m schemas.asyncapi
	$(BIN)/ringside settings --markdown > docs/settings.md
	$(BIN)/python -m docs.readme
	$(BIN)/python -m docs.pictures.render

requirements: setup ## Pin the newest versions that pyproject.toml allows
	$(LOCK) --upgrade -o requirements/runtime.txt pyproject.toml
	$(LOCK) --upgrade --extra demo --group dev -o requirements/dev.txt pyproject.toml
	$(LOCK) --upgrade --constraint requirements/dev.txt --group build -o requirements/build.txt
	$(LOCK) --upgrade --constraint requirements/dev.txt --group security -o requirements/security.txt

bench: setup ## Measure speed, delay and memory; one JSON object a line
	@$(BIN)/python -m benchmarks

bench-deals: setup ## What 10,000, 100,000 and 1,000,000 deals cost; one JSON object a line
	@$(BIN)/python -m benchmarks deals deal_boards

bench-alerts: setup ## Replay a real centre with drops put in: recall, false alarms, delay
	@$(BIN)/python -m benchmarks.alerts

verify-bank-week: setup ## Replay a real week through everything; print each figure beside the expected
	$(BIN)/python -m tests.worked.bank_week

verify-erlang: setup ## Compare the simulator with Erlang C, through our core and through everything
	$(BIN)/python -m tests.worked.erlang

verify-pipelines: setup ## Replay a CRM and a help desk through everything; print each figure beside the expected
	$(BIN)/python -m tests.worked.pipelines

secrets: setup ## Make random passwords for docker-compose.yml, in .ringside/secrets
	$(BIN)/python -m agents.embedded.secret_files .ringside/secrets

clean: ## Remove what was built; the embedded servers' data too
	rm -rf $(VENV) .ringside .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
