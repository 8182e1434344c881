#!/bin/bash
# Does what docs/tutorial.md says, block by block, in a minimal Debian 12 made for the purpose, with nothing but the Debian
# package of msctl and what it recommends: a workspace, a service of each template, tests, a running cluster, everything
# that ships it. Then checks the rendered files with the parsers of who reads them, and builds and runs the images.
#
#   tests/bare/tutorial.sh [--keep] [--root DIR] [--no-images] [PACKAGE.deb]
#
#   --keep         keep the chroot; its folder is printed
#   --root DIR     use this chroot: made when it is missing, reused (and kept) when it is there
#   --no-images    leave out what needs buildah and podman
#   PACKAGE.deb    default: the one that `make package` has made
#
# Needs root, mmdebstrap and a host whose own apt works; buildah and podman for the images, npm for the parsers. Without
# these it says what it leaves out. The cluster runs as a user without rights and without a network.
set -euo pipefail

repo=$(cd "$(dirname "$0")/../.." && pwd)
root='' keep=0 package='' images=1
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=1 ;;
    --root) root=${2:?--root needs a folder}; keep=1; shift ;;
    --no-images) images=0 ;;
    *.deb) package=$1 ;;
    *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
for found in "$repo"/build/release/msctl_*.deb; do package=${package:-$found}; done
[ -f "$package" ] || { echo 'tutorial: no package there: run make package first' >&2; exit 1; }
. "$repo/tests/bare/chroot.sh"
. "$repo/tests/bare/tutorial-run.sh"
say() { printf 'tutorial: %s\n' "$*"; }
say "$(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg)"

leave_out() { say "LEFT OUT: images: $*"; images=0; }
for tool in buildah podman curl; do
  [ "$images" = 0 ] || command -v "$tool" >/dev/null || leave_out "$tool is not installed"
done
[ "$images" = 1 ] || say 'LEFT OUT: images'

# Storage of our own, so that nothing of ours is among the machine's images.
use_own_storage() {
  cat >"$scratch/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$scratch/storage"
runroot = "$scratch/run"
END
  export CONTAINERS_STORAGE_CONF=$scratch/storage.conf BUILDAH_ISOLATION=chroot
}

# What `podman run` needs on a machine that is itself a container: the machine's network, limits that are there already,
# and one of the ways to do without control groups of its own.
find_way_to_run() {
  local containers='netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]' way said=''
  export CONTAINERS_CONF=$scratch/containers.conf
  for way in '' 'cgroups = "disabled"' $'cgroups = "disabled"\n[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"' \
    $'[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"'; do
    printf '[containers]\n%s\n%s\n' "$containers" "$way" >"$CONTAINERS_CONF"
    if said=$(podman run --rm "$1" /bin/true 2>&1); then return 0; fi
  done
  leave_out "podman cannot run a container here: $said"
}

# commit_image NAME CONTAINER: it, as NAME@DIGEST.
commit_image() {
  buildah commit --quiet --rm "$2" "localhost/$1" >/dev/null
  podman image inspect --format '{{index .RepoDigests 0}}' "localhost/$1"
}

# The images that the tutorial gets from a registry: a Debian, and one with Python.
make_base_images() {
  local container
  [ -e "$root-base" ] || make_chroot ca-certificates "$root-base"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$root-base" / >/dev/null
  debian=$(commit_image tutorial-debian "$container")
  container=$(buildah from "$debian")
  buildah run "$container" -- sh -c 'apt-get -q update && apt-get -q install -y --no-install-recommends python3' \
    >"$scratch/python.log" 2>&1 </dev/null || { tail -n 20 "$scratch/python.log"; return 1; }
  python=$(commit_image tutorial-python "$container")
}

debian=localhost/debian@sha256:$(printf '%064d' 1) python=localhost/python@sha256:$(printf '%064d' 2)
if [ "$images" = 1 ]; then
  use_own_storage
  began=$SECONDS
  make_base_images
  find_way_to_run "$debian"
  say "images to begin with made in $((SECONDS - began)) s"
fi

make_or_reuse ca-certificates
rm -rf "$root/src/tutorial" "$root/src/steps"
mkdir -p "$root/src/tutorial" "$root/src/steps"
/usr/bin/python3 "$repo/tests/bare/tutorial_steps.py" "$repo/docs/tutorial.md" "$root/src/steps"
install -m 644 "$package" "$root/src/tutorial/"
install -m 644 "$repo/tests/bare/tutorial-run.sh" "$root/src/"
install -m 755 "$repo/tests/bare/tutorial-inside.sh" "$root/src/inside.sh"
# In place of what the tutorial asks registries for. nginx is only named; the commits stand for those of the actions.
cat >"$root/src/tutorial-images.sh" <<END
debian=$debian
python=$python
nginx=$debian
commit() { printf '%040d' "\${#1}"; }
END
inside=(install)
enter
inside=(use)
enter --net

shop=$root/src/tutorial/shop
/usr/bin/python3 "$repo/tests/bare/tutorial_validate.py" "$shop"

if [ "$images" = 1 ]; then
  (
    cd "$shop"
    tutorial_run "$root/src/steps/images"
  ) || {
    podman rm -f -t 2 --ignore catalog greeter >/dev/null 2>&1 || true
    exit 1
  }
fi
say 'all well'
