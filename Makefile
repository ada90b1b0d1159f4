# Two commands do everything on a fresh machine: `make campaign SYSTEM=Mg-O` and `make test`.
# The newest Python that fits; another one: make PYTHON=python3.11
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$name && break; done)
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
CONSTRAINTS = constraints/$(VERSION).txt
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SYSTEM ?= Mg-O
ARGS ?=

.PHONY: campaign test quick torture install lint clean constraints.new

campaign: $(STAMP)
	$(BIN)/dao campaign $(SYSTEM) $(ARGS)

test: $(STAMP) lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

# What takes seconds: no training, no DFT, nothing slow.
quick: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile \
		-m "not (slow or dft or training or torture)" $(ARGS)

# Hours: ten thousand damaged inputs of each kind, fifty rounds of kills.
torture: $(STAMP)
	DAO_FUZZ_EXAMPLES=10000 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "fuzz or torture" \
		--timeout 36000 $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: $(STAMP)

# torch comes first and alone: with it in place no other package pulls in a CUDA build. What is
# missing on the machine is said before anything is downloaded.
$(STAMP): $(wildcard constraints/*.txt) pyproject.toml
	@test -n "$(PYTHON)" || { echo "dao needs Python 3.11, 3.12 or 3.13; none is on the PATH (Debian, Ubuntu: apt-get install python3 python3-venv)"; exit 1; }
	@test -f "$(CONSTRAINTS)" || { echo "dao needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $(VERSION)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make environments (Debian, Ubuntu: apt-get install python$(VERSION)-venv)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) torch
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) -e '.[all,dev]'
	touch $(STAMP)

# New pins for every version of Python, the old ones kept where they fit; needs uv.
constraints.new:
	for version in 3.11 3.12 3.13; do \
		uv pip compile --quiet --python-version $$version --extra all --extra dev --no-header \
			--no-annotate --output-file constraints/$$version.txt pyproject.toml || exit 1; \
		sed -i -E '/^(nvidia-(cu|nv|nccl)|cuda-|triton|setuptools)/d' constraints/$$version.txt; \
	done

clean:
	rm -rf $(VENV) build *.egg-info
