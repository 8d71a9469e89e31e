# `make run` starts everything on a machine that has Python 3.11+ and nothing else; `make` alone lists the targets.

# The first one that is new enough; `make run PYTHON=/path/to/python3` decides otherwise.
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" $(NEW_ENOUGH) 2>/dev/null && echo "$$python" && break; done)
endif
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
# Every rule, and of each file that goes through a door (pages, programs, commands, emails, Stripe) the first test.
# Two plugins that nothing else needs take seconds to load in every process.
QUICK := --quick -p no:schemathesis -p no:playwright
# CI says how much of the code its tests run, in one of its jobs; that costs a fifth more time.
COVERAGE := $(if $(CI),--cov=booking --cov-report= --cov-fail-under=90)
ARGS ?=
PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help run check test programmes bench bench-peers bench-scale bench-background bench-desk bench-photos migrate-under-load storm storm-stripe storm-desk storm-invoices rush changing-rates real-rates compare-figures trouble controls drill replay model mutants fuzz lint style format messages lock clean python product everything chromium

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: product ## start Postgres, Valkey, web and worker; PORT (8000) and BIND (127.0.0.1) choose the address
	@exec .venv/bin/python -m booking.cli.up

# Product and tests are compiled once, not in every process of every run, whatever the environment says.
check test programmes: export PYTHONDONTWRITEBYTECODE :=

# Types are checked beside the tests, by one processor while the others test, and told at the end.
tests = @said=$$(mktemp); .venv/bin/mypy >"$$said" 2>&1 & types=$$!; \
	.venv/bin/python -m pytest -n $(PROCESSES) --dist loadfile $(1) $(ARGS); tests=$$?; \
	wait $$types; types=$$?; cat "$$said"; rm "$$said"; exit $$((tests ? tests : types))

check: everything ## the fast loop: style, types, every rule and the first test of each file of a door: 45 s
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(call tests,$(QUICK))

test: style chromium ## style, types, and all tests in three PROCESSES (up to 15); ARGS="-k search" goes to pytest
	$(call tests,-m "not programme" $(COVERAGE))

programmes: everything ## short forms of the long programmes below, of load, faults and fuzz: CI runs them after `make test`
	.venv/bin/python -m pytest -n $(PROCESSES) --dist loadfile -m programme tests/bench tests/faults tests/figures tests/fuzz $(ARGS)

# Root on Debian gets the browser that the browser tests use; anybody else reads why they are skipped. The one without
# windows takes half of the processor's time; where there is only the other one, the tests use that.
APT := apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10
chromium:
	@command -v chromium-headless-shell >/dev/null || test -n "$$CHROMIUM" || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	&& echo "Installing Chromium ..." && $(APT) update && for browser in chromium-headless-shell chromium; do \
	$(APT) install -y --no-install-recommends --no-remove $$browser >/dev/null && break; done; } || command -v chromium >/dev/null \
	|| echo "Chromium is not here and cannot be installed: the browser tests will be skipped."

lint: style ## style, types, Dockerfile, compose.yaml, workflows
	.venv/bin/mypy

style: everything
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/hadolint Dockerfile
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml

format: everything ## rewrite the code in the common format
	.venv/bin/ruff check --fix --exit-zero .
	.venv/bin/ruff format .

messages: everything ## collect the texts of pages, emails and errors for translators into booking/translations/messages.pot
	.venv/bin/pybabel -q extract -F babel.cfg -k lazy_gettext -k _n:1,2 --no-wrap --sort-by-file --omit-header -o booking/translations/messages.pot booking

lock: everything ## pin the newest versions that requirements/*.in allow
	$(COMPILE) --upgrade requirements/runtime.in -o requirements.txt
	$(COMPILE) --upgrade requirements/embedded.in -o requirements/embedded.txt
	$(COMPILE) --upgrade requirements/dev.in -o requirements/dev.txt
	$(COMPILE) --upgrade requirements/mutants.in -o requirements/mutants.txt

bench: everything ## bookings, searches, pages over HTTP beside pgbench; ARGS="--rounds 3", "--against main": a commit in turns
	.venv/bin/python -m bench $(ARGS)

bench-peers: everything ## bookings, searches and the last room beside Indico and pretix, which it installs; ARGS="--rounds 5"
	.venv/bin/python -m bench.peers $(ARGS)

bench-scale: everything ## the same with 10 k to 1 M rooms and 0.5 M to 10 M bookings; ARGS="--hours 1"
	.venv/bin/python -m bench.scale $(ARGS)

bench-background: everything ## every statement of the background beside 5 million bookings; ARGS="--bookings 200000"
	.venv/bin/python -m bench.plans_in_background $(ARGS)

bench-desk: everything ## the front desk's pages beside a recorded history: ARGS="--trace PATH", else a small made-up one
	.venv/bin/python -m bench.desk $(ARGS)

bench-photos: everything ## 200 photos of 12 megapixels through the pages: seconds each, memory, weight of pages; ARGS="--photos 20"
	.venv/bin/python -m bench.photos $(ARGS)

migrate-under-load: everything ## migrations while guests book, then both versions beside each other; ARGS="--bookings 20000 --seconds 5"
	.venv/bin/python -m bench.migrate_under_load $(ARGS)

storm: everything ## guests book while everything is killed; ARGS="--attempts 100000 --kills 50" is the full programme
	.venv/bin/python -m tests.faults.storm $(ARGS)

storm-stripe: everything ## the same in short, with a stand-in for Stripe that answers late, twice or not at all
	.venv/bin/python -m tests.faults.storm --stripe --attempts 2000 --clients 16 --kills 5 $(ARGS)

storm-invoices: everything ## 10,000 invoices by 64 at once with 10 kills: no number is missing, none there twice
	.venv/bin/python -m tests.faults.invoices_storm $(ARGS)

rush: everything ## 500 guests at once with a code for 100: exactly 100 have it in the end; ARGS="--guests 200 --uses 40"
	.venv/bin/python -m tests.faults.code_rush $(ARGS)

changing-rates: everything ## 10,000 guests from card to checkout while rules change: nobody pays what was not shown; ARGS="--pairs 1000"
	.venv/bin/python -m tests.faults.changing_rates $(ARGS)

real-rates: everything ## a recorded calendar goes in by CSV, and the API gives what it says: ARGS="--listings PATH --calendar PATH"
	.venv/bin/python -m tests.real_rates $(ARGS)

compare-figures: everything ## figures beside the rows of a booking history, to the cent and the night; ARGS="--trace PATH", else a small made-up one
	.venv/bin/python -m tests.figures $(ARGS)

storm-desk: everything ## staff at the desk's pages and guests at the same rooms for a minute, with kills; ARGS="--people 32 --kills 5"
	.venv/bin/python -m tests.faults.desk_storm $(ARGS)

trouble: everything ## Postgres silent, read-only, locked, gone, its disk full (as root): what everybody is told, how soon
	.venv/bin/python -m tests.faults.trouble $(ARGS)

controls: everything ## each guard against double sales switched off, alone and with others: what goes wrong then
	.venv/bin/python -m tests.faults.controls $(ARGS)

drill: everything ## backups while guests book and everything is killed, and the way back to each moment; ARGS="--rounds 8"
	.venv/bin/python -m tests.backup $(ARGS)

replay: everything ## a booking history through the booking core, made up or recorded: ARGS="--trace PATH"
	.venv/bin/python -m tests.replay $(ARGS)

model: everything ## whatever may be done to bookings, in any order, dying anywhere: 50,000 steps; ARGS="--faults": known faults die
	.venv/bin/python -m tests.model $(ARGS)

mutants: python ## small faults in the booking core: which ones no test notices; ARGS="pricing.policies reservations.holds" chooses modules
	@"$(PYTHON)" requirements/install.py --into .venv-mutants requirements.txt requirements/embedded.txt requirements/dev.txt requirements/mutants.txt
	.venv-mutants/bin/python -m tests.mutants $(ARGS)

fuzz: everything ## right, wrong and broken requests, odd dates and amounts; ARGS="--minutes 10 --seed 1"
	.venv/bin/python -m tests.fuzz $(ARGS)

clean: ## remove the environment and caches; var/ (the data) stays
	rm -rf .venv .venv-mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" && "$(PYTHON)" $(NEW_ENOUGH) || { \
	echo "Python 3.11 or newer is needed. Install it, or say where it is: make run PYTHON=/path/to/python3" >&2; exit 1; }

product: python
	@"$(PYTHON)" requirements/install.py requirements.txt requirements/embedded.txt

everything: python
	@"$(PYTHON)" requirements/install.py requirements.txt requirements/embedded.txt requirements/dev.txt
