# The few commands that people type; the work is done by cmake, ninja and the scripts in .ci/.
#
# `up` hands its process over to msctl, so that a signal sent to make reaches it.

PREFIX ?= /usr/local
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build
.PHONY: up test build lint format contracts sanitize fuzz bench-supervisor bench-load bench-events bench-saga soak soak-supervisor kill-points install package clean deps help

help:
	@echo 'make up       install what is missing, build, start the cluster (make up ARGS="-d --wait": in the background)'
	@echo 'make test     install what the tests need, build, run all tests'
	@echo 'make build    build everything into build/release'
	@echo 'make lint     check formatting, scripts and the layers; make format puts the formatting right'
	@echo 'make contracts  write the Pact files anew that the contract tests of consumers make'
	@echo 'make sanitize the unit tests under AddressSanitizer and UBSan'
	@echo 'make fuzz     look for input files and messages that break something, FUZZ_S=60 seconds each'
	@echo 'make bench-supervisor  compare with other supervisors, write docs/benchmarks.md; ten minutes'
	@echo 'make bench-events  the way of an event against JetStream itself, write its part of docs/benchmarks.md; two minutes'
	@echo 'make bench-saga  orders from 201 to confirmed on a real cluster, write its part of docs/benchmarks.md; a minute'
	@echo 'make bench-load  compare msctl load with wrk, write its part of docs/benchmarks.md; two minutes'
	@echo 'make soak     kill services at 10,000 of their system calls, do to the broker what can happen to one: nothing may be lost; half an hour to two'
	@echo 'make soak-supervisor  kill the supervisor 100 times and replace services, all under load: nothing may be lost'
	@echo 'make kill-points  kill the supervisor at each of its system calls: the next up must make good; some minutes'
	@echo 'make install  install msctl and the chassis below PREFIX=$(PREFIX), or DESTDIR'
	@echo 'make package  make a Debian package of the same, build/release/msctl_VERSION_ARCHITECTURE.deb'
	@echo 'make deps     list the Debian packages needed and which are missing'
	@echo 'make clean    remove build/'

up:
	@.ci/deps install build run
	@.ci/build msctl
	@exec ./build/release/bin/msctl up --build $(ARGS)

test:
	@.ci/test

build:
	@.ci/deps install build
	@.ci/build

lint:
	@.ci/lint

format:
	@.ci/lint --fix

# What changed is then to be seen in `git diff`; tests that fail write nothing.
contracts:
	@.ci/deps install build run test
	@.ci/build --tests contracts

# The unit tests under AddressSanitizer and UBSan, in a build folder of their own; slow, so not part of `make test`.
sanitize:
	@.ci/deps install build run test
	@cmake --preset asan >/dev/null
	@cmake --build build/asan
	@ctest --test-dir build/asan -j2 --output-on-failure

# Bounded by time; what it finds goes into build/fuzz/found. `make test` replays the corpora without any of this.
fuzz:
	@.ci/deps install build fuzz
	@.ci/fuzz

# Some ten minutes; what it measures and how is in tests/bench/README.md.
bench-supervisor:
	@.ci/deps install build run bench
	@.ci/build
	@tests/bench/supervisor.py --output docs/benchmarks.md $(ARGS)

# Two minutes. WRK2_BIN names a wrk2, which is no Debian package.
bench-load:
	@.ci/deps install build run bench
	@.ci/build msctl
	@tests/bench/load.py --output docs/benchmarks.md $(ARGS)

# Two minutes.
bench-events:
	@.ci/deps install build run test
	@.ci/build --tests bench-events
	@tests/bench/events.py --output docs/benchmarks.md $(ARGS)

# A minute.
bench-saga:
	@.ci/deps install build run test
	@.ci/build
	@tests/bench/saga.py --output docs/benchmarks.md $(ARGS)

# Half an hour to two; ARGS="--points 1000 --seed 7" for fewer points, or others. `make test` runs short forms of both.
soak:
	@.ci/deps install build run test
	@.ci/build
	@tests/soak/kill_services.py $(ARGS)
	@tests/soak/broker.py

# Some minutes at most; ARGS="--kills 1000 --seconds 900" for longer. `make test` runs a short form of it.
soak-supervisor:
	@.ci/deps install build run test
	@.ci/build
	@tests/soak/supervisor.py $(ARGS)

# Some minutes; ARGS="--points 100" for fewer. `make test` runs a short form of it.
kill-points:
	@.ci/deps install build run test
	@.ci/build msctl
	@tests/soak/kill_points.py $(ARGS)

# Installs what is built, so that root need not build: `make && sudo make install`.
install:
	@test -f build/release/build.ninja || .ci/build
	@cmake --install build/release --prefix '$(abspath $(PREFIX))' >/dev/null || \
	  { echo 'install: not everything is built or the folder cannot be written: run make, then make install as root' >&2; exit 1; }
	@echo 'installed below $(DESTDIR)$(abspath $(PREFIX))'

package:
	@.ci/deps install build package
	@.ci/build
	@.ci/package

clean:
	@rm -rf build

deps:
	@.ci/deps list
