# The few commands that people type; the work is done by cmake, ninja and the scripts in .ci/.
#
# `up` hands its process over to msctl, so that a signal sent to make reaches it.

PREFIX ?= /usr/local
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build
.PHONY: up test build lint format contracts sanitize fuzz bench-supervisor bench-load soak-supervisor kill-points install package clean deps help

help:
	@echo 'make up       install what is missing, build, start the cluster (make up ARGS="-d --wait": in the background)'
	@echo 'make test     install what the tests need, build, run all tests'
	@echo 'make build    build everything into build/release'
	@echo 'make lint     check formatting, scripts and the layers; make format puts the formatting right'
	@echo 'make contracts  write the Pact files anew that the contract tests of consumers make'
	@echo 'make sanitize the unit tests under AddressSanitizer and UBSan'
	@echo 'make fuzz     look for inputs that break the cluster file, a scenario or the control socket, FUZZ_S=60 seconds each'
	@echo 'make bench-supervisor  compare with other supervisors, write docs/benchmarks.md; ten minutes'
	@echo 'make bench-load  compare msctl load with wrk, write its part of docs/benchmarks.md; two minutes'
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
