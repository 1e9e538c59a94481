# One environment, two commands: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

.PHONY: fresh-kernels cluster-test extras optuna-test demo experiments gallery picture test lint types contracts unit baselines bench clean

demo: $(READY)
	$(BIN)/echoblock run out=results/demo

# Draws the picture of the README.
picture: demo
	cp results/demo/map.png docs/map.png

# Every source at three distances, every fault: waveform, spectrum, spectrogram.
gallery: $(READY)
	$(BIN)/python -m testbed.gallery results/gallery

# Every experiment in full (about two hours on two cores), its plots for docs/experiments.md; resumes where it was.
EXPERIMENTS ?= clock-jitter sensor-density ambient-noise wind sensor-faults survey-error full-scale mount-height \
	firework-density building-heights
experiments: $(READY)
	for name in $(EXPERIMENTS); do \
		$(BIN)/echoblock sweep experiment=$$name workers=$(WORKERS) out=results/experiments/$$name || exit $$?; \
	done
	mkdir -p docs/experiments
	for name in $(EXPERIMENTS); do \
		for plot in results/experiments/$$name/plots/*.png; do \
			case $$plot in *-by-*) ;; *) cp $$plot docs/experiments/$$name-$${plot##*/} ;; esac; \
		done; \
	done

test: $(READY) lint types contracts unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/basedpyright

contracts: $(READY)
	$(BIN)/lint-imports

unit: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) tests

# New baselines of the gate, with REASON="...": after the simulator has changed, or the detector for the better.
SUITES ?= smoke pr nightly
baselines: $(READY)
	for suite in $(SUITES); do \
		$(BIN)/echoblock gate suite=$$suite update=true reason="$(REASON)" out=results/gate || exit $$?; \
	done

bench: $(READY)
	$(BIN)/python -m tests.bench

# uv where present, plain venv and pip otherwise; both install the same pinned versions.
$(READY): pyproject.toml constraints.txt
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
		VIRTUAL_ENV=$(VENV) uv pip install --quiet -e '.[dev]' -c constraints.txt; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt; \
	fi
	@# Every later start is seconds shorter: neither installer leaves compiled modules everywhere.
	@$(BIN)/python -m compileall -q -j 0 -x '/tests/' $(VENV)/lib scenes sim detector testbed || true
	@touch $(READY)

# numba compiles a kernel anew when its own file changes, not when another does whose functions were compiled in: after
# a pull into an old checkout, or an edit of what kernels call.
fresh-kernels:
	find sim detector testbed -name '*.nb[ic]' -delete

clean: fresh-kernels
	rm -rf $(VENV) .pytest_cache .ruff_cache build *.egg-info

# Dask with a worker killed in the middle, and Debian's Slurm on this one node (wants root, as in a container).
cluster-test: extras
	$(BIN)/python -m tests.cluster.dask_test
	tests/cluster/slurm_test.sh $(BIN)/python

# `run` under Optuna; without the extra `make test` leaves these tests out.
optuna-test: extras
	$(BIN)/python -m pytest tests/testbed/test_optuna.py

extras: $(READY)
	@if command -v uv >/dev/null 2>&1; then VIRTUAL_ENV=$(VENV) uv pip install --quiet -e '.[dev,cluster,optuna]' -c constraints.txt; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,cluster,optuna]' -c constraints.txt; fi
