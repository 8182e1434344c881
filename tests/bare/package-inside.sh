#!/bin/bash
# The part of package.sh that runs inside the chroot: first `install`, then `use`. Exit 0 when every check passed.
# shellcheck disable=SC2317  # the functions are called through check
set -uo pipefail

failed=0
check() {  # check WHAT COMMAND…
  local what=$1 began=$EPOCHREALTIME ended log
  log=$(mktemp)
  shift
  "$@" >"$log" 2>&1 </dev/null
  local status=$?
  ended=$EPOCHREALTIME
  local ms=$(((${ended/[.,]/} - ${began/[.,]/}) / 1000)) result='ok   '
  [ "$status" -eq 0 ] || { result=FAILS; failed=$((failed + 1)); tail -n 40 "$log"; }
  printf 'bare: %s %-58s %3d.%d s\n' "$result" "$what" $((ms / 1000)) $((ms % 1000 / 100))
}
finish() {
  if [ "$failed" -eq 0 ]; then echo 'bare: all well'; else echo "bare: $failed failed"; fi
  exit $((failed > 0))
}

fresh_lists() { apt-get -q update; }
# The broker among the recommended packages must not start in a chroot.
install_package() {
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --reinstall /src/msctl_*.deb
}
install_lintian() { DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends lintian; }

if [ "$1" = install ]; then
  check 'apt-get update' fresh_lists
  check 'apt-get install ./msctl.deb, with what it recommends' install_package
  echo "bare: the chroot has $(du -smx / | cut -f1) MB now"
  if [ "${2:-}" = --lintian ]; then
    check 'lintian installed' install_lintian
    lintian --tag-display-limit 0 /src/msctl_*.deb
  fi
  finish
fi

clean_ccache() { ccache --clear; }
configure() { cmake -S "$1" -B "$1/build" -G Ninja "${@:2}"; }
build() { cmake --build "$1/build" --target "${@:2}"; }
up() { cd /src/consumer && msctl up -d --wait --build; }
works() {
  cd /src/consumer || return 1
  msctl health && msctl ps && msctl logs && msctl down
}
tests() {
  configure "$1" -DMSCTL_TESTS=ON && cmake --build "$1/build" && ctest --test-dir "$1/build" --no-tests=error
}

check 'msctl --version' msctl --version
check 'msctl up --build in tests/consumer, until it is ready' up
check 'msctl health, ps, logs, down' works
check 'its tests: configured, built and run' tests /src/consumer
clean_ccache >/dev/null
rm -rf /src/member/build
check 'user-service renamed, cold ccache: configured' configure /src/member
check 'user-service renamed: built' build /src/member member-service
touch_a_handler() { echo 'static_assert(true);' >>/src/member/services/member/adapters/in/member_api.cpp; }
touch_a_handler
check 'user-service renamed: built again after a handler changed' build /src/member member-service
check 'user-service renamed: its tests built and run' tests /src/member
finish
