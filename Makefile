# The only entry point, for people and for CI. `make` alone lists the targets.

PYTHON ?= python3
ARGS ?=
IN_VENV := .venv/bin
WITH_SERVERS := $(IN_VENV)/python -m config.devservices.test --
TEMPLATES = $$(find templates -name '*.html')
SCHEMA := docs/openapi.yaml
COMPILE := $(IN_VENV)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --exclude-newer "7 days" $(ARGS)
PROOFS := tests/kill tests/oracle tests/interleavings tests/invoicing/documents/test_official_rules.py \
	tests/invoicing/documents/test_issued.py tests/meta/test_migrations.py tests/devservices/test_run.py
CHECKS := check-lint check-format check-types check-layers check-templates check-migrations check-deploy check-schema

.DEFAULT_GOAL := help
.PHONY: help run test prove test-env check $(CHECKS) nightly chaos chaos-controls mutants model coverage bench bench-money examples screens fix states lock vendor schema clean python install install-dev

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## Start Tranche with everything it needs (PORT, TRANCHE_HOME, DEMO=0)
	@exec $(IN_VENV)/python -m config.devservices.run --stop-with-parent

test: install-dev ## Run the tests on servers of their own (ARGS="tests/wallets -x")
	@exec $(WITH_SERVERS) pytest -n 3 $(or $(ARGS),$(PROOFS:%=--ignore=%))

prove: install-dev ## Run the tests that take long: kills, random lives, orders of steps, official rules, migrations backwards, starts of the product
	@exec $(WITH_SERVERS) pytest -n 3 $(PROOFS) $(ARGS)

test-env: install-dev ## Keep the test servers running and print their environment, for eval
	@exec $(IN_VENV)/python -m config.devservices.test

check: $(CHECKS) ## Lint, format, types, layers, templates, migrations, deploy settings, API schema

check-lint: install-dev
	$(IN_VENV)/ruff check .

check-format: install-dev
	$(IN_VENV)/ruff format --check .

check-types: install-dev
	$(IN_VENV)/mypy

check-layers: install-dev
	$(IN_VENV)/lint-imports

check-templates: install-dev
	$(IN_VENV)/djlint templates --lint --quiet
	$(IN_VENV)/djade --target-version 5.2 --check $(TEMPLATES)

check-migrations: install-dev
	$(WITH_SERVERS) python manage.py makemigrations --check --dry-run

check-deploy: install-dev
	@DJANGO_SETTINGS_MODULE=config.settings.prod SECRET_KEY="$$($(IN_VENV)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	ENCRYPTION_KEYS="$$($(IN_VENV)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
	ANCHOR_KEY="$$($(IN_VENV)/python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())')" \
	ANCHOR_FILE=/var/lib/tranche/anchors.jsonl ALLOWED_HOSTS=tranche.example DATABASE_URL=postgresql://tranche_app@/tranche REDIS_URL=redis://127.0.0.1:6379/0 EMAIL_URL=smtp://127.0.0.1:25 \
	$(IN_VENV)/python manage.py check --deploy --fail-level WARNING

check-schema: install-dev
	@mkdir -p .local
	$(WITH_SERVERS) python manage.py spectacular --validate --fail-on-warn --file .local/openapi.yaml
	diff -u $(SCHEMA) .local/openapi.yaml

nightly: install-dev ## The long versions of tests: random lives, orders of steps, edits of the ledger, kills, chaos, rule sets of EINVOICE_RULES
	@exec $(IN_VENV)/python -m scripts.nightly

chaos: install-dev ## Kill everything at random while clients move money (CHAOS_MINUTES, CHAOS_KILLS, CHAOS_SEED)
	@exec $(IN_VENV)/python -m chaos $(ARGS)

chaos-controls: install-dev ## Take away one guarantee at a time; each has to be found out
	@exec $(IN_VENV)/python -m chaos --controls $(ARGS)

mutants: install-dev ## Change the pure money modules one thing at a time; their tests have to notice
	@MONEY_EXAMPLES=60 exec $(IN_VENV)/python -m scripts.mutants $(ARGS)

coverage: install-dev ## Branch coverage of the domain modules, at least 95 %
	@exec $(WITH_SERVERS) pytest -n 3 --cov --cov-report=term --ignore=tests/acceptance --ignore=tests/browser --ignore=tests/kill --ignore=tests/devservices $(ARGS)

model: install-dev ## Check the model of milestone and withdrawal (needs spin and gcc)
	@exec $(IN_VENV)/python -m scripts.model

bench: install-dev ## Measure the workflow calls and the queue under load
	@exec $(IN_VENV)/python -m benchmarks $(ARGS)

bench-money: install-dev ## Measure the ledger against the database's own limit (ARGS=--quick; --entries 10000000)
	@exec $(IN_VENV)/python -m benchmarks.money $(ARGS)

examples: install-dev ## Write the documents of docs/examples anew
	@exec $(WITH_SERVERS) python -m scripts.examples

screens: install-dev ## Take the screenshots of docs/screens anew
	@exec $(IN_VENV)/python scripts/screens.py $(ARGS)

fix: install-dev ## Let the formatters and the linter repair what they can
	$(IN_VENV)/ruff check --fix .
	$(IN_VENV)/ruff format .
	$(IN_VENV)/djade --target-version 5.2 $(TEMPLATES)

schema: install-dev ## Write the API schema that check compares with
	$(WITH_SERVERS) python manage.py spectacular --validate --fail-on-warn --file $(SCHEMA)

states: install-dev ## Write docs/states.md from the transition tables
	$(IN_VENV)/python -m scripts.states

lock: install-dev ## Compile requirements*.in (ARGS=--upgrade for newer releases)
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	echo uv | $(COMPILE) - -o requirements-bootstrap.txt

vendor: install-dev ## Fetch the front-end files again, by version and hash
	@exec $(IN_VENV)/python scripts/vendor.py $(ARGS)

clean: ## Remove caches and the test servers; data and .venv stay
	-@test ! -x $(IN_VENV)/python || $(IN_VENV)/python -m config.devservices.test --stop
	rm -rf .local/test .local/openapi.yaml .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov mutants .coverage .coverage.*
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

python:
	@$(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "Tranche needs Python 3.11 or newer with venv: on Debian or Ubuntu 'apt-get install python3 python3-venv', or name one: make run PYTHON=python3.12" >&2; exit 1; }

install: python
	@$(PYTHON) config/devservices/install.py requirements.txt

install-dev: python
	@$(PYTHON) config/devservices/install.py requirements-dev.txt
