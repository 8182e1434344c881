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
. "$repo/tests/bare/chroot.sh"

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

make_or_reuse make,ca-certificates
copy_repo
install -m 755 "$repo/tests/bare/inside.sh" "$root/src/inside.sh"

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
