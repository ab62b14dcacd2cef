# The verbs of udsync. `make demo` and `make test` set up everything they need.
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/.ready
SUITE ?= landing

.PHONY: setup demo chromium test check bench docs lock

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "make: $(PYTHON) is missing. Install Python 3.11 or newer, or call: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) is older than Python 3.11. Install a newer one, or call: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "make: Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up .venv (once; about a minute)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --system-certs --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)
	@$(BIN)/udsync demo

# What the browser tests need; they are left out, with a line that says so, where it cannot be had.
chromium:
	@command -v chromium >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium for the browser tests" && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
	  echo "make: Chromium is missing; the browser tests are left out"

test: $(READY) chromium
	@$(BIN)/python -m pytest --numprocesses=3 --dist=loadfile --cov-fail-under=100 --cov-branch --cov-report=term:skip-covered \
	  --cov=udsync_pipelines.domain --cov=udsync_pipelines.mapping --cov=udsync_pipelines.sync

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --quiet -m "not slow and not postgres"

# SUITE: landing (into the database), books (composing alone), posting (into the books), limits
# (posting at the platform's own limits, five minutes), tokens (processes killed while renewing),
# quota (two simulated months of metered calls, an hour), backfill (50,000 orders, killed 20 times; an hour),
# mutations (every protection removed in turn),
# kills (run workers and every service ended by kill -9, a quarter of an hour),
# chaos (ten thousand schedules of faults, an hour and more; SEED=n plays one of them),
# webhooks (taking them in, beside a storm), latency (from webhook to books, by `udsync up`; ORDERS=n RATE=n).
bench: $(READY)
	@$(BIN)/python -m udsync_pipelines_tests.benchmarks.$(SUITE)

docs: $(READY)
	@$(BIN)/python -m udsync_pipelines_tests.documentation

# Resolve pyproject.toml into requirements.lock anew.
lock:
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra dev \
	  --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.lock
