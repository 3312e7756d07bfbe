# Thin: every target is one command that a person could type in the environment of `make install`.
#   make demo PORT=8000     a CRM with demo data, on SQLite, in the browser
#   make test               everything: linter, type checkers, the whole suite on SQLite and PostgreSQL
#   make check              linter and type checkers only
#   make suite ARGS="-k x"  tests only, with any options of pytest
#   make bench              measurements against the peers (takes long, wants a quiet machine)
#   make docs               the generated references
#   make dist               what would be published, in dist/
# PYTHON=python3.12 chooses the interpreter, VENV=FOLDER the environment,
# CRMKIT_TEST_POSTGRES=postgresql://user@host/postgres a PostgreSQL server of your own.

PORT ?= 8000
PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
EDITABLE := --editable . $(addprefix --editable ,$(PLUGINS))
SHOWN := sales taskqueue telephony telephony_dialer telephony_telfin prosthesis_feedback
PACKAGING := pyproject.toml hatch_build.py $(wildcard workspace/* frontend/*.json plugins/*/pyproject.toml plugins/*/hatch_build.py)
# Left by the build of crmkit beside the files it fetches; where somebody has removed them, installing again brings them back.
FETCHED := src/crmkit/ui/static/vendor/.fetched

.PHONY: demo install test check suite lint types typing-tests format bench docs dist clean

demo: $(VENV)/installed-demo
	$(BIN)/crmkit demo --port $(PORT)

install: $(VENV)/installed-test

# Checkers and tests are all run, even after one of them has failed. Checkers run beside the tests: alone they would leave cores idle
# for minutes. What they say comes in one piece; the tests' own summary comes last.
CHECKING := $(MAKE) --no-print-directory --keep-going check
test: $(VENV)/installed-test
	@{ said=$$($(CHECKING) 2>&1); checked=$$?; printf '\n%s\n' "$$said"; exit $$checked; } & \
	$(MAKE) --no-print-directory suite; tested=$$?; wait $$! && exit $$tested

check: lint types typing-tests

suite: $(VENV)/installed-test
	$(BIN)/pytest --numprocesses logical --dist worksteal $(ARGS)

lint: $(VENV)/installed-test
	$(BIN)/ruff check

types: $(VENV)/installed-test
	$(BIN)/mypy

typing-tests: $(VENV)/installed-test $(wildcard typing_tests)
	$(if $(wildcard typing_tests),$(BIN)/pyright --pythonpath $(BIN)/python,@echo "no typing_tests/: pyright and ty have nothing to check")
	$(if $(wildcard typing_tests),$(BIN)/ty check --python $(VENV))

format: $(VENV)/installed-test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/installed-bench
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/installed-test
	$(BIN)/python docs/generate.py

dist: $(VENV)/installed-test
	rm -rf dist
	CRMKIT_RELEASE=1 $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist . $(addprefix ./,$(PLUGINS))

clean:
	rm -rf $(VENV) dist

# One stamp for each kind of environment, older than any file that says what belongs into it: nothing to do otherwise.
$(FETCHED):

$(VENV)/installed-demo: $(PACKAGING) $(FETCHED)
	@workspace/environment $(VENV) $(PYTHON)
	@echo "Installing crmkit and its plugins into $(VENV): only the first time, or when their requirements change."
	@$(PIP) --editable ".[accounts,duplicates]" $(addprefix --editable plugins/,$(SHOWN))
	@touch $@

$(VENV)/installed-test $(VENV)/installed-bench: $(VENV)/installed-%: $(PACKAGING) $(FETCHED)
	@workspace/environment $(VENV) $(PYTHON)
	@echo "Installing crmkit, its plugins and the group '$*' into $(VENV): only when their requirements change."
	@$(PIP) --group $* $(EDITABLE)
	@$(BIN)/python workspace/frontend.py tests
	@touch $@
