PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint conformance stress bench bench-logs bench-formats bench-arrays bench-tasks bench-engines bench-monitor bench-patterns bench-lab clean

help: ## Show this help
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):.*## /  \1 : /p' $(MAKEFILE_LIST) | awk -F' : ' '{ printf "%-18s%s\n", $$1, $$2 }'

demo: $(VENV)/ready ## Set everything up and process the sample logs
	$(BIN)/concli logs process sample_logs -o $(VENV)/entries.jsonl --rejects $(VENV)/rejects.jsonl
	@echo "The entries are in $(VENV)/entries.jsonl, the other lines in $(VENV)/rejects.jsonl. The first entry:"
	@head -n 1 $(VENV)/entries.jsonl

test: lint ## Set everything up, then run lint, types and all tests
	$(BIN)/python -m pytest -n logical

lint: $(VENV)/dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

conformance: $(VENV)/dev ## Run CPython's own tests against our classes and print a table
	$(BIN)/python tests/conformance/run.py

stress: $(VENV)/dev ## Run the long tests that look for races
	$(BIN)/python -m pytest -m stress

bench: bench-logs bench-formats bench-arrays bench-tasks bench-engines bench-monitor bench-patterns bench-lab ## Measure beside the peers and print the ratios: all that follow

bench-logs: $(VENV)/bench ## Measure the log job
	$(BIN)/python tests/bench/logs.py

bench-formats: $(VENV)/bench ## Measure the log job with each format
	$(BIN)/python tests/bench/log_formats.py

bench-arrays: $(VENV)/bench ## Measure the array jobs
	$(BIN)/python tests/bench/matmul.py
	$(BIN)/python tests/bench/fft.py

bench-tasks: $(VENV)/bench ## Measure the task pipeline
	$(BIN)/python tests/bench/tasks.py

bench-engines: $(VENV)/bench ## Measure the engines
	$(BIN)/python tests/bench/engines.py

bench-monitor: $(VENV)/ready ## Measure the monitor
	$(BIN)/python tests/bench/monitor.py

bench-patterns: $(VENV)/peers ## Measure the patterns
	$(BIN)/python tests/bench/patterns.py

bench-lab: $(VENV)/ready ## Measure the lab's own measuring
	$(BIN)/python tests/bench/lab.py

clean: ## Remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Each of these files says that what the package needs, and an extra's, is installed.
$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "concli needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/dev $(VENV)/bench $(VENV)/peers: $(VENV)/%: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@
