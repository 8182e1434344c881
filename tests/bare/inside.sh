#!/bin/bash
# The part of bare-debian.sh that runs inside the chroot. Exit 0 when every check passed.
# shellcheck disable=SC2317  # the functions are called through check
set -uo pipefail

cd /src/msctl || exit 1
failed=0
check() {  # check WHAT COMMAND…
  local what=$1 began=$SECONDS
  shift
  if "$@"; then
    printf 'bare: ok    %-58s %4d s\n' "$what" $((SECONDS - began))
  else
    printf 'bare: FAILS %-58s %4d s\n' "$what" $((SECONDS - began))
    failed=$((failed + 1))
  fi
}
finish() {
  if [ "$failed" -eq 0 ]; then echo 'bare: all well'; else echo "bare: $failed failed"; fi
  exit $((failed > 0))
}

# Processes besides this script's own: everything else in this process namespace was started by what it called.
others() {
  local pid line
  for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
    case $line in '' | *'/src/inside.sh'*) continue ;; esac  # a zombie, or this script and its subshells
    printf '%s %s\n' "$pid" "$line"
  done
}
nothing_runs() {
  local left
  left=$(others)
  [ -z "$left" ] || { echo "$left"; return 1; }
}
nothing_enabled() {
  local links
  links=$(find /etc/systemd/system /etc/rc[2-5].d \( -name 'nats*' -o -name 'S*nats*' \) 2>/dev/null)
  if [ -e /usr/sbin/policy-rc.d ]; then links="$links /usr/sbin/policy-rc.d"; fi
  [ -z "$links" ] || { echo "left: $links"; return 1; }
}
quick_when_complete() {
  local start end
  start=$(date +%s%N)
  .ci/deps install build run test || return 1
  end=$(date +%s%N)
  echo "bare: .ci/deps with nothing missing: $(((end - start) / 1000000)) ms"
}

case " $* " in
  *' --deps-only '*)
    check 'installs all packages' .ci/deps install build run test lint package </dev/null
    check 'installs nothing a second time' quick_when_complete
    check 'no process left by the packages' nothing_runs
    check 'no daemon enabled, no policy-rc.d left' nothing_enabled
    finish ;;
esac

up_through_a_pipe() { timeout -k 10 900 make up ARGS='-d --wait' </dev/null 2>&1 | cat; }
check 'make up ARGS="-d --wait" | cat' up_through_a_pipe
check 'no daemon enabled, no policy-rc.d left' nothing_enabled
check 'msctl ps' ./msctl ps
check 'msctl health' ./msctl health
check 'first requests' /usr/bin/python3 tests/bare/first_requests.py
check 'each service comes back after kill -9' /usr/bin/python3 tests/bare/kill_each.py
check 'first requests again' /usr/bin/python3 tests/bare/first_requests.py
check 'msctl down' ./msctl down
check 'no process left' nothing_runs
case " $* " in
  *' --test '*)
    run_tests() { make test </dev/null; }
    check 'make test' run_tests
    check 'no process left by the tests' nothing_runs ;;
esac
finish
