# Needs Python 3.11 or 3.12 and make; everything else is installed into .venv, once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Two busy processes that each start a thread per core slow one another down many times over.
export OMP_NUM_THREADS := 1
export OMP_WAIT_POLICY := PASSIVE
# ONNX Runtime 1.29 and later report to their maker unless told not to before they are imported.
export ORT_DISABLE_TELEMETRY := 1

.PHONY: install demo demo-fairseg demo-fairlora check format test test-all realdata examples further lines methods oip ray browser docs soak bench bench-client gpu clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# FairCLIP, and CLIP alone as what it is compared with.
demo: RUN := reports/demo/$(shell date +%Y%m%d-%H%M%S)
demo: install
	$(BIN)/python -m training.fairclip
	$(BIN)/python -m export --repository model_repository --name fairclip
	$(BIN)/python -m training.fairclip --fair-mode none --out runs/clip/demo --resume
	$(BIN)/python -m export runs/clip/demo --repository model_repository --name clip
	$(BIN)/python -m serving.during model_repository -- \
	  $(BIN)/fair-audit --endpoint {endpoint} --model clip --out $(RUN)/clip
	$(BIN)/python -m serving.during model_repository -- \
	  $(BIN)/fair-audit --endpoint {endpoint} --model fairclip --out $(RUN)/fairclip
	$(BIN)/fair-audit compare $(RUN)/clip $(RUN)/fairclip --out $(RUN)/compare

demo-fairseg: install
	$(BIN)/python -m training.fairseg --model transunet --out runs/fairseg/demo --resume
	$(BIN)/python -m export runs/fairseg/demo --repository model_repository --name fairseg
	$(BIN)/python -m serving.during model_repository -- \
	  $(BIN)/fair-audit --endpoint {endpoint} --model fairseg

demo-fairlora: install
	$(BIN)/python -m training.fairlora --engine in-process --dataset fairfedmed-chest --attribute age \
	  --out runs/fairlora/demo --resume
	$(BIN)/python -m export runs/fairlora/demo --repository model_repository --name fairlora
	$(BIN)/python -m serving.during model_repository -- \
	  $(BIN)/fair-audit --endpoint {endpoint} --model fairlora

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: install
	$(BIN)/python -m pytest -q

realdata: install
	$(BIN)/python -m pytest -q -m realdata

# Downloads MLServer and KServe into the user's cache folder, once: 800 MB.
# The commands of each example's README.
examples: install
	$(BIN)/python -m pytest -q -m examples

# What `test` checks once, again with other kinds of model, larger data, or a real server.
further: install
	$(BIN)/python -m pytest -q -m further

# FairSeg and FairLoRA from training through Triton to the report; FairCLIP's line is in `test`.
lines: install
	$(BIN)/python -m pytest -q -m lines

# FairCLIP's further models and protocols, from training to an exported model.
methods: install
	$(BIN)/python -m pytest -q -m methods

# Needs Chromium: apt-get install chromium.
browser: install
	$(BIN)/python -m pytest -q -m browser tests/browser

# The pages of docs/ as a site in site/; a link or an anchor that leads nowhere stops it.
docs: export NO_MKDOCS_2_WARNING := 1
docs: install
	$(BIN)/python -m mkdocs build --strict --site-dir site

# Workers of a Ray cluster on this machine, one of which is killed.
ray: install
	$(BIN)/python -m pytest -q -m ray

oip: install
	$(BIN)/python -m pytest -q -m oip

# Twenty minutes of odd files, documents and answers; a failure names the seed that repeats it.
soak: export SOAK_SECONDS ?= 1200
soak: export SOAK_KILLS ?= 50
soak: install
	$(BIN)/python -m pytest -s -m soak tests/fuzz tests/audit/test_soak_kills.py

test-all: install
	$(BIN)/python -m pytest -q -m ''

bench: install
	$(BIN)/python -m benchmarks.statistics_speed
	$(BIN)/python -m benchmarks.coverage_single
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.coverage_edges
	$(BIN)/python -m benchmarks.coverage_changes

# Clients of one server side by side, on a machine without other work; 20 minutes, 3 GB of disk.
bench-client: install
	$(BIN)/python -m benchmarks.client_throughput

# Where no GPU is found it says so.
gpu: install
	$(BIN)/python -m benchmarks.gpu

clean:
	rm -rf $(VENV) runs reports data site model_repository/*/
