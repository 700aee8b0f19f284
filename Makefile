# Everything a contributor or CI runs. Needs Python 3.11 or newer with its venv module, and make. The tests also need
# Node 20 or newer with npm, for the independent OAuth implementations in tests/peers; the product does not.
PYTHON ?= python3
WORKERS ?= 3
PY := .venv/bin/python
PEERS := tests/peers/node_modules/.done
# These walk through all rooms: a tracer doubles their time, and finds no line that the other tests do not reach.
WALKS := tests/claims tests/house tests/properties
ASSETS := gateway/pages/static/manifest.json

.DEFAULT_GOAL := help
.PHONY: setup demo test prove check bench shots help

setup: .venv/.done $(ASSETS) $(PEERS)  ## build the environment from the pins, nothing else

demo: .venv/.done $(ASSETS)  ## a fictional district and two partners, end to end, served on 127.0.0.1
	@.venv/bin/pactgate demo

test: .venv/.done $(ASSETS) $(PEERS)  ## the whole suite; every branch of the inner rooms covered, 95 % of the gateway
	@$(PY) -m coverage erase
	@failed=0; $(PY) -m pytest -q -n $(WORKERS) $(WALKS) || failed=1; \
		$(PY) -m coverage run -m pytest -q -n $(WORKERS) $(addprefix --ignore=,$(WALKS)) || failed=1; \
		test $$failed = 0 && $(PY) -m coverage combine -q && $(PY) -m coverage report --skip-covered \
		&& $(PY) -m coverage report --skip-covered --show-missing --include='agreements/*,policies/*,audit/*' --fail-under=100 \
		&& $(PY) -m coverage report --format=total --include='gateway/*' --fail-under=95 \
		&& echo "make test: passed" || { echo "make test: FAILED"; exit 1; }

prove: .venv/.done $(ASSETS)  ## a million decisions read four ways, every seeded mistake noticed, a hundred walks through all that a district does
	@$(PY) -m tests.prove $(ARGS) \
		&& $(PY) -m tests.prove.loads \
		&& echo "make prove: passed" || { echo "make prove: FAILED"; exit 1; }

check: .venv/.done $(ASSETS)  ## format, lint, types, import contracts, policy tests, migration drift
	@.venv/bin/ruff format --check . \
		&& .venv/bin/ruff check . \
		&& .venv/bin/mypy \
		&& .venv/bin/lint-imports \
		&& .venv/bin/pactgate policy test agreements/examples > /dev/null \
		&& .venv/bin/pactgate db check --scratch \
		&& echo "make check: passed" || { echo "make check: FAILED"; exit 1; }

bench: .venv/.done $(ASSETS)  ## the checked page against bare endpoints, the log, decisions against Cedar; prints ratios
	@$(PY) -m tests.bench
	@$(PY) -m tests.bench.records
	@$(PY) -m tests.bench.records_head
	@$(PY) -m tests.bench.loading
	@$(PY) -m tests.bench.log_append --seconds 1
	@$(PY) -m tests.bench.log_verify
	@$(PY) -m tests.bench.policy
	@$(PY) -m tests.bench.oauth_verify
	@$(PY) -m tests.bench.oauth_issue
	@$(PY) -m tests.bench.console

shots: .venv/.done $(ASSETS)  ## a picture of every page of the console, written to FOLDER
	@test -n "$(FOLDER)" || { echo "Say where: make shots FOLDER=pictures"; exit 1; }
	@mkdir -p "$(FOLDER)"
	@PACTGATE_TESTS_SHOTS="$(FOLDER)" $(PY) -m pytest -q -p no:cacheprovider tests/console/test_console_browser.py -k read_by_everybody

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.done: requirements/run.txt requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, \
	or name one with make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Pactgate needs Python 3.11 or newer, and \
	$$($(PYTHON) --version) was found: name a newer one with make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module: install it \
	(on Debian and Ubuntu: apt install python3-venv), then run make $(MAKECMDGOALS) again." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(ASSETS): .venv/.done gateway/pages/build.py gateway/pages/package-lock.json $(wildcard gateway/pages/style/* gateway/pages/script/*)
	@$(PY) -m gateway.pages.build

$(PEERS): tests/peers/package.json tests/peers/package-lock.json
	@command -v npm >/dev/null || { echo "npm was not found: the tests hold the gateway against OAuth implementations \
	written for Node, so install Node 20 or newer with npm, then run make $(MAKECMDGOALS) again." >&2; exit 1; }
	npm ci --prefix tests/peers --ignore-scripts --silent
	@touch $@
