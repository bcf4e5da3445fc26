# make demo   train a network of scalars on iris           make lint    ruff and mypy
# make test   run the suite                                make bench   where it stands among its peers
# make docs   build the documentation into site/           make clean   remove all that these made
# make sanitize   the engine in C under gcc's sanitizers   make test-docs   build the documentation, and try its playground
# make dist   both archives of a tagged commit into dist/  make test-lowest   the suite with the oldest packages allowed
# make lock   renew requirements/                          make locked   install from requirements/ what they name, by hash
#
# They install what they need into .venv first. Another Python: make test PYTHON=python3.13 VENV=.venv-3.13

# The first that works and is new enough: a name on PATH may be a shim with nothing behind it.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv

BUILT = pyproject.toml setup.py autograd_mini/_core.c autograd_mini/_math.h autograd_mini/_rows.h
# What asks the engine itself, and not what stands on it.
ENGINE_TESTS = $(addprefix tests/test_,$(addsuffix .py,arrays core engine function_nodes hooks infinite micrograd \
	nesting objects primitive properties state_machine structures transforms watch)) tests/nn

# Without bytecode each of hundreds of processes compiles all it imports.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test test-lowest sanitize lint docs test-docs bench dist lock locked clean
.NOTPARALLEL:

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile

demo: $(VENV)/.installed
	@$(VENV)/bin/python -m autograd_mini demo

# All of it on the engine that was built, and what the engine can break once more on the one in Python.
test: $(VENV)/.installed-test
	@$(VENV)/bin/python -c 'import autograd_mini; print("The engine is the one in", {"c": "C", "python": "Python"}[autograd_mini.core])'
	@$(VENV)/bin/python -m pytest --numprocesses auto --dist loadfile
	@echo "And the engine's own tests once more, on the one in Python:"
	@AUTOGRAD_MINI_CORE=python $(VENV)/bin/python -m pytest --numprocesses auto --dist loadfile $(ENGINE_TESTS)

# The engine in C with the sanitizers of addresses and of undefined behaviour, under its own tests.
sanitize: $(VENV)/.installed-test
	@python="$$(cd $(VENV)/bin && pwd)/python"; dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT \
	&& cp -r autograd_mini tests pyproject.toml "$$dir" && cd "$$dir" && rm -f autograd_mini/_core*.so \
	&& $(CC) -g -O1 -std=c11 -Wall -Wextra -Werror -ffp-contract=off -fno-builtin-pow -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -shared -fPIC -I"$$("$$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')" \
		autograd_mini/_core.c -lm -o "autograd_mini/_core$$("$$python" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')" \
	&& LD_PRELOAD="$$($(CC) -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH="$$dir" \
		"$$python" -m pytest -p no:cacheprovider tests/test_core.py tests/test_engine.py

# With each package that pyproject.toml names at the lowest version that it allows, on the oldest Python.
test-lowest: $(VENV)/.installed-dev
	@$(VENV)/bin/uv venv --quiet --clear --python python3.11 .venv-lowest
	@$(VENV)/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable ".[test]"
	@.venv-lowest/bin/python -m pytest --numprocesses auto --dist loadfile

lint: $(VENV)/.installed-dev
	@failed=; for check in "ruff check" "ruff format --check" "mypy --strict"; do $(VENV)/bin/$$check || failed=1; done; test -z "$$failed"

docs: $(VENV)/.installed-docs
	@echo "Building the course, the how-to pages and the reference (half a minute) ..."
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet
	@echo "The site is in site/. Open site/index.html in a browser: it needs no server, and the search works from disk too."
	@echo "Only the playground needs one: python3 -m http.server -d site, and open http://localhost:8000/playground/"

# The playground of the built site, in a browser.
test-docs: $(VENV)/.installed-test docs
	@$(VENV)/bin/python -m pytest tests/playground_in_browser.py

bench: $(VENV)/.installed-bench
	@$(VENV)/bin/python benchmarks/run.py
	@$(VENV)/bin/python benchmarks/features/run.py

# The same commit gives the same bytes. The tag is the version with a v before it.
dist: $(VENV)/.installed-dev
	@version=$$($(VENV)/bin/python -c 'import autograd_mini; print(autograd_mini.__version__)'); \
	test -z "$$(git status --porcelain)" && git tag --points-at HEAD | grep -qx "v$$version" \
		|| { echo "There is a change without a commit, or this commit has no tag v$$version" >&2; exit 1; }
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(VENV)/bin/python -m build
	@$(VENV)/bin/twine check --strict dist/*

LOCK = $(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	pyproject.toml

lock: $(VENV)/.installed-dev
	@$(LOCK) --extra test --output-file requirements/test.txt
	@$(LOCK) --extra lint --constraint requirements/test.txt --output-file requirements/lint.txt

locked: $(VENV)/bin/python
	@$(VENV)/bin/python -m pip install --require-hashes --requirement requirements/test.txt --requirement requirements/lint.txt
	@$(VENV)/bin/python -m pip install --no-deps --editable .
	@touch $(VENV)/.installed-test $(VENV)/.installed-dev

clean:
	rm -rf .venv .venv-* build dist site htmlcov .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find autograd_mini -name '_core*.so' -delete
	find . -name __pycache__ -prune -exec rm -rf {} +

# What is imported is compiled then, and kept; most of what is installed never is.
define install
@echo "Installing autograd_mini$(1) into $(VENV) ..."
@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --no-compile --editable ".$(1)"
@touch $@
endef

$(VENV)/.installed: $(BUILT) $(VENV)/bin/python
	$(call install,)

$(VENV)/.installed-%: $(BUILT) $(VENV)/bin/python
	$(call install,[$*])

$(VENV)/bin/python:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then echo "No Python 3.11 or newer with venv here. If you have one: make PYTHON=/its/path" >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$python --version) ..."; \
	$$python -m venv --clear $(VENV)
