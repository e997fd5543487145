# The two commands of the README are `make up` and `make test`; each sets up what it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
RUN = @$(or $(PYTHON),$(error There is no Python here. On Debian or Ubuntu: apt install python3.11 python3.11-venv)) -m deploy.bootstrap

.PHONY: up test lint bench lock

up:            ## set everything up and run the zone until Ctrl-C
	$(RUN) up
test:          ## set up what tests need and run every check
	$(RUN) test
lint:          ## format, lint, types, import contracts
	$(RUN) lint
bench:         ## measured ratios against the raw engine, the peer or the floor
	$(RUN) bench
lock:          ## resolve requirements*.in again (wheels only)
	$(RUN) lock
