# Two commands do everything on a fresh machine: `make campaign SYSTEM=Mg-O` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SYSTEM ?= Mg-O
ARGS ?=

.PHONY: campaign test torture install lint clean

campaign: $(STAMP)
	$(BIN)/dao campaign $(SYSTEM) $(ARGS)

test: $(STAMP) lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

# Hours: ten thousand damaged inputs of each kind, fifty rounds of kills.
torture: $(STAMP)
	DAO_FUZZ_EXAMPLES=10000 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "fuzz or torture" \
		--timeout 36000 $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: $(STAMP)

# torch comes first and alone: with it in place no other package pulls in a CUDA build.
$(STAMP): constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[all,dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) build *.egg-info
