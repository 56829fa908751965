# SPDX-License-Identifier: Apache-2.0
# The README's two commands and more. All set up a virtual environment of their own first.

PYTHON ?= python3
VENV ?= .venv
DEMO ?= finnlite-demo

.PHONY: demo test lint docs

demo: $(VENV)/installed
	$(VENV)/bin/finnlite demo -o $(DEMO)

test: $(VENV)/installed-test
	$(VENV)/bin/python -m pytest -n auto $(PYTEST_OPTIONS)

lint: $(VENV)/installed-test
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

docs: $(VENV)/installed-docs
	$(VENV)/bin/python -m mkdocs build --strict

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	@echo 'Installing finnlite and what it needs into $(VENV): once, a minute or two'
	$(VENV)/bin/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-docs: setup.cfg pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what the documentation needs into $(VENV): once, a minute or two'
	$(VENV)/bin/python -m pip install --quiet --editable '.[docs]'
	touch $@

$(VENV)/installed-test: setup.cfg pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what the tests need into $(VENV): once, a minute or two'
	$(VENV)/bin/python -m pip install --quiet --editable '.[test]'
	touch $@
