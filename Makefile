# Everything a newcomer needs: `make forecast` and `make test`, on any machine with Python 3.11+.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
PY := .venv/bin/python
# One thread each: replicates use the cores, and idle BLAS threads only get in their way.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: install forecast test test-nojit check bench docs register verify clean

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Vandring needs Python 3.11 or newer: make PYTHON=/path/to/python3.11')"
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(PY) -m compileall -q sim scenarios calibration runs
	touch $@

forecast: install
	.venv/bin/vandring run baseline --threads 2

test: check
	$(PY) -m pytest

test-nojit: install
	NUMBA_DISABLE_JIT=1 $(PY) -m pytest

check: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	$(PY) -m docs.generate --check

bench: install
	$(PY) -m benchmarks

docs: install
	$(PY) -m docs.generate
	$(PY) -m docs.make_linear
	$(PY) -m docs.make_economy

# Fit the register anew and write what is shipped; then the table of what pins it down, and all
# that is derived from it, each from what stands above.
register: install
	$(PY) -m calibration.build
	$(PY) -m calibration.identify
	$(PY) -m calibration.reason_fit
	$(PY) -m calibration.arrivals
	$(PY) -m calibration.economy_paths
	$(PY) -m calibration.family_offsets
	$(PY) -m calibration.county_moves
	$(PY) -m calibration.livelihood_rates
	$(PY) -m calibration.year_shifts
	$(PY) -m calibration.elasticities
	$(PY) -m calibration.holdouts

verify: install
	$(PY) -m verification.refit
	$(PY) -m verification.coverage
	$(PY) -m verification.experiments
	$(PY) verification/battery.py --battery small --stream all

clean:
	rm -rf .venv runs/out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
