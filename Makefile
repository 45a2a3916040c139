# The door to the project: every command sets up what it needs first.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
PIP     = $(BIN)/python -m pip
SETUP   = $(VENV)/.installed
PROOFS  = $(VENV)/.installed-proofs

# Where nothing compiled is kept, each worker writes all asserts anew, and each command is compiled again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test proofs lint format bench front-end clean

demo: $(SETUP)  ## learn a 2-D map of the whole of MNIST, and show it
	$(BIN)/inscape fit mnist

# The tests' runs are written to be safe from a power cut, which takes a disk milliseconds a file: where
# memory is a file system with room for all of them, they lie there, and are gone with the tests.
ROOM = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')

test: lint  ## lint, format check, types, tests
	PYTEST_DEBUG_TEMPROOT=$(ROOM) $(BIN)/python -m pytest -n auto -m "not proof" \
	  -o tmp_path_retention_policy=failed

proofs: $(PROOFS)  ## the long tests, one at a time: kills at many moments
	$(BIN)/python -m pytest -m proof

lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(SETUP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(SETUP)  ## speed ratios, one run, one core, one thread
	$(BIN)/python -m benchmarks

$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --upgrade "pip>=25.1"
	$(PIP) install -q -c constraints.txt -e ".[data,onnx,lab,notebook]" --group dev
	touch $@

$(PROOFS): $(SETUP)
	$(PIP) install -q -c constraints.txt --group proofs
	touch $@

front-end: lab/node_modules/.installed  ## the lab's module, from its lock file (needs node)
	cd lab && npm run --silent check && npm run --silent build

lab/node_modules/.installed: lab/package-lock.json
	cd lab && npm ci --silent --no-audit --no-fund
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
