#!/bin/bash
# Runs the project as a new user would, in a minimal Debian 12 made for the purpose: `make up ARGS="-d --wait"`, the
# first requests, a kill -9 of each service, `msctl down`, and a look at what is left behind.
#
#   tests/bare/bare-debian.sh [--deps-only] [--test] [--worktree] [--isolate] [--keep] [--root DIR]
#
#   --deps-only   stop after installing every package; nothing is built
#   --test        run `make test` as well
#   --worktree    copy the files as they are, instead of the last commit
#   --isolate     install first, then run without a network: nothing is fetched by the build, no port can be taken
#   --keep        keep the chroot; its folder is printed
#   --root DIR    use this chroot: made when it is missing, reused (and kept) when it is there
#
# Needs root, mmdebstrap and a host whose own apt works: its sources and proxies are used. Mounts and processes live in
# namespaces of their own, so none outlives the script.
set -euo pipefail

repo=$(cd "$(dirname "$0")/../.." && pwd)
suite=bookworm
root='' keep=0 worktree=0 isolate=0
inside=()
while [ $# -gt 0 ]; do
  case $1 in
    --deps-only | --test) inside+=("$1") ;;
    --worktree) worktree=1 ;;
    --isolate) isolate=1 ;;
    --keep) keep=1 ;;
    --root) root=${2:?--root needs a folder}; keep=1; shift ;;
    *) sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || { echo 'bare: needs root' >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo 'bare: needs mmdebstrap' >&2; exit 1; }

scratch=$(mktemp -d)
child=''
clean_up() {
  [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true
  rm -rf "$scratch"
  if [ "$keep" = 1 ]; then echo "bare: kept $root"; else rm -rf --one-file-system "$scratch-root"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
root=${root:-$scratch-root}

make_chroot() {
  local sources=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ -f "$file" ] && grep -v '^#' "$file" | grep -qw "$suite"; then sources+=("$file"); fi
  done
  # How the host reaches its sources, and nothing else of its settings.
  apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' | grep -v '""' >"$scratch/99host" || true
  mmdebstrap --quiet --variant=minbase --include=make,ca-certificates --aptopt="$scratch/99host" \
    "$suite" "$root" "${sources[@]}"
  install -m 644 "$scratch/99host" "$root/etc/apt/apt.conf.d/99host"
}

copy_repo() {
  rm -rf "$root/src/msctl"
  mkdir -p "$root/src/msctl"
  if [ "$worktree" = 1 ]; then
    (cd "$repo" && git ls-files -z -co --exclude-standard | tar --null --files-from=- -c --ignore-failed-read) |
      tar -x --no-same-owner -C "$root/src/msctl"
  else
    git -C "$repo" archive HEAD | tar -x --no-same-owner -C "$root/src/msctl"
  fi
}

began=$SECONDS
if [ -e "$root/etc/msctl-bare" ]; then echo "bare: using $root"; else
  make_chroot
  touch "$root/etc/msctl-bare"
  echo "bare: made a minimal Debian in $((SECONDS - began)) s, $(du -sm "$root" | cut -f1) MB"
fi
copy_repo
install -m 755 "$repo/tests/bare/inside.sh" "$root/src/inside.sh"
install -m 644 /etc/resolv.conf "$root/etc/resolv.conf"

# The chroot's own mount and process namespaces: all that is in them ends with the call.
enter() {
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --pid --fork --kill-child "$@" /bin/bash -c '
    set -e
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/run"
    ip link set lo up 2>/dev/null || true
    exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      HOME=/root LANG=C.UTF-8 ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
      /bin/bash /src/inside.sh "$@"' bare "$root" "${inside[@]}" </dev/null &
  child=$!
  local result=0
  wait "$child" || result=$?
  child=''
  return "$result"
}

if [ "$isolate" = 1 ]; then
  wanted=("${inside[@]}")
  inside=(--deps-only)
  enter
  case " ${wanted[*]} " in *' --deps-only '*) exit 0 ;; esac
  inside=("${wanted[@]}")
  enter --net
else
  enter
fi
