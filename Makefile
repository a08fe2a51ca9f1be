# Everything is set up from the package index alone: `make demo` on a fresh machine just works.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-from-lock

.PHONY: demo test check format bench bench-peers bench-accuracy lock clean guard audit-dependencies kill-sweep fault-sweep soak throughput fuzz

demo: $(STAMP)
	$(BIN)/python -m tests.support.demo --output demo-output

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# make bench CORPUS=DIR
bench: $(STAMP)
	$(BIN)/tracker bench $(CORPUS)

# Long: hours on two busy cores. Each ends with its figures, and with 1 where anything was lost.
kill-sweep: $(STAMP)
	$(BIN)/python -m benchmarks.reliability.kills --posts 500 --kills 200

fault-sweep: $(STAMP)
	$(BIN)/python -m benchmarks.reliability.faults
	$(BIN)/python -m benchmarks.reliability.faults --kind kills
	$(BIN)/python -m benchmarks.reliability.faults --kind full

# Other people's methods, in an environment of their own. vpdq is built from source and needs the
# development files of FFmpeg's libraries; without them pdqhash stands in for it.
PEERS := .venv-peers
bench-peers: $(STAMP)
	test -d $(PEERS) || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet -r benchmarks/requirements-peers.txt
	$(PEERS)/bin/python -m pip install --quiet vpdq==0.2.5 2>$(PEERS)/vpdq.log \
		|| echo "vpdq cannot be built here (see $(PEERS)/vpdq.log): pdqhash stands in"

# make bench-accuracy CORPUS="DIR…" [WRITE="--write docs/benchmarks.md"]
bench-accuracy: bench-peers
	$(BIN)/python -m benchmarks.accuracy.run $(CORPUS) --peers phash dhash vpdq videohash2 chromaprint $(WRITE)

# Every form of forbidden address by every fetch path: see docs/reliability.md.
guard: $(STAMP)
	$(BIN)/python -m tests.support.forbidden_sweep

# Known flaws of the pinned versions. SERVICE=osv asks another vulnerability service.
AUDIT := .venv-audit
SERVICE ?= pypi
audit-dependencies:
	test -d $(AUDIT) || $(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(AUDIT)/bin/pip-audit --requirement requirements.lock --disable-pip --progress-spinner off \
		--strict --vulnerability-service $(SERVICE)

# make fuzz [CORPUS=DIR] [MINUTES=60]: broken media through the children, broken texts through each parser
MINUTES ?= 60
fuzz: $(STAMP)
	$(BIN)/python -m benchmarks.reliability.fuzz_media $(CORPUS) --files 5000
	$(BIN)/python -m benchmarks.reliability.fuzz_parsers --minutes $(MINUTES)

# make soak [POSTS=20000] [VIDEOS=2000]: memory and descriptors of the daemon on a world on loopback
POSTS ?= 20000
VIDEOS ?= 2000
SOAK_OUTPUT ?= soak-output
soak: $(STAMP)
	$(BIN)/python -m benchmarks.reliability.soak --posts $(POSTS) --videos $(VIDEOS) --output $(SOAK_OUTPUT)

# make throughput [CORPUS=DIR]: CPU of the daemon beside that of its bare stages
throughput: $(STAMP)
	$(BIN)/python -m benchmarks.reliability.throughput $(CORPUS)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Pins every version with hashes and names no index.
lock: $(STAMP)
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) $(PEERS) $(AUDIT) demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
