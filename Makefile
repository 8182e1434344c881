# The few commands that people type; the work is done by cmake, ninja and the scripts in .ci/.
#
# `up` hands its process over to msctl, so that a signal sent to make reaches it.

PREFIX ?= /usr/local
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build
.PHONY: up test build lint format sanitize install clean deps help

help:
	@echo 'make up       install what is missing, build, start the cluster (make up ARGS="-d --wait": in the background)'
	@echo 'make test     install what the tests need, build, run all tests'
	@echo 'make build    build everything into build/release'
	@echo 'make lint     check formatting, scripts and the layers; make format puts the formatting right'
	@echo 'make sanitize the unit tests under AddressSanitizer and UBSan'
	@echo 'make install  install below PREFIX=$(PREFIX), or DESTDIR'
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

# The unit tests under AddressSanitizer and UBSan, in a build folder of their own; slow, so not part of `make test`.
sanitize:
	@.ci/deps install build run test
	@cmake --preset asan >/dev/null
	@cmake --build build/asan
	@ctest --test-dir build/asan -j2 --output-on-failure

# Installs what is built, so that root need not build: `make && sudo make install`.
install:
	@test -f build/release/build.ninja || .ci/build
	@cmake --install build/release --prefix '$(PREFIX)' >/dev/null
	@echo 'installed below $(DESTDIR)$(PREFIX)'

clean:
	@rm -rf build

deps:
	@.ci/deps list
