#!/bin/bash
# Builds the images of the reference services from their rendered Dockerfiles, and runs each as it would run in
# production: uid 1000, a read-only root, no capabilities. Each must answer that it is ready, and its own --check.
#
#   tests/bare/images.sh [--service NAME]… [--pods] [--base-tar FILE] [--keep]
#
#   --service NAME    only these; default: user-service
#   --pods            all of them, and then their rendered Pods together: see pods.py
#   --base-tar FILE   a root file system with a Debian 12, made when it is missing, reused when it is there
#   --keep            keep the images and the folder with what was rendered; both are printed
#
# Needs root, mmdebstrap, buildah, podman, a build of msctl (.ci/build msctl), and a host whose own apt works. Not part of
# `make test`: a first build takes minutes.
set -euo pipefail

repo=$(cd "$(dirname "$0")/../.." && pwd)
suite=bookworm
services=() tar='' keep=0 pods=0 broker='' broker_port=14222
while [ $# -gt 0 ]; do
  case $1 in
    --service) services+=("${2:?--service needs a name}"); shift ;;
    --base-tar) tar=${2:?--base-tar needs a file}; shift ;;
    --pods) pods=1 ;;
    --keep) keep=1 ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
[ ${#services[@]} -gt 0 ] || services=(user-service)
[ "$pods" = 0 ] || services=(user-service order-service gateway)
[ "$(id -u)" -eq 0 ] || { echo 'images: needs root' >&2; exit 1; }
for tool in mmdebstrap buildah podman curl; do
  command -v "$tool" >/dev/null || { echo "images: needs $tool" >&2; exit 1; }
done
msctl=$repo/build/release/bin/msctl
[ -x "$msctl" ] || { echo 'images: build msctl first: .ci/build msctl' >&2; exit 1; }

# crun runs nothing where version 2 of control groups is mounted beside version 1: in a view of our own it is not.
if [ -z "${MSCTL_IMAGES_INSIDE:-}" ]; then
  words=("--base-tar" "$tar")
  [ -n "$tar" ] || words=()
  [ "$keep" = 0 ] || words+=(--keep)
  [ "$pods" = 0 ] || words+=(--pods)
  for service in "${services[@]}"; do words+=(--service "$service"); done
  exec env MSCTL_IMAGES_INSIDE=1 unshare --mount -- "$0" "${words[@]}"
fi
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi

scratch=$(mktemp -d)
# Storage of our own, so that nothing of ours is among the machine's images.
export STORAGE_DRIVER=${STORAGE_DRIVER:-overlay} BUILDAH_ISOLATION=chroot
containers=(--root "$scratch/storage" --runroot "$scratch/run")
running=()
clean_up() {
  [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
  for name in "${running[@]}"; do podman "${containers[@]}" rm -f -t 2 "$name" >/dev/null 2>&1 || true; done
  if mountpoint -q "$scratch/storage/overlay"; then umount "$scratch/storage/overlay"; fi
  if [ "$keep" = 1 ]; then echo "images: kept $scratch"; else rm -rf "$scratch"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
say() { printf 'images: %s\n' "$*"; }

make_base_tar() {
  local sources=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ -f "$file" ] && grep -v '^#' "$file" | grep -qw "$suite"; then sources+=("$file"); fi
  done
  apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' | grep -v '""' >"$scratch/99host" || true
  mmdebstrap --quiet --variant=minbase --include=ca-certificates --aptopt="$scratch/99host" \
    --customize-hook="copy-in $scratch/99host /etc/apt/apt.conf.d" "$suite" "$1" "${sources[@]}"
}

# import_base NAME: the image, as NAME@DIGEST.
import_base() {
  local container
  container=$(buildah "${containers[@]}" from scratch)
  buildah "${containers[@]}" add --quiet "$container" "$tar" / >/dev/null
  buildah "${containers[@]}" commit --quiet --rm "$container" "localhost/$1" >/dev/null
  podman "${containers[@]}" image inspect --format '{{index .RepoDigests 0}}' "localhost/$1"
}

tar=${tar:-$scratch/base.tar}
if [ ! -f "$tar" ]; then
  say 'making a Debian 12'
  make_base_tar "$tar"
fi
base=$(import_base msctl-base)
say "base image $base"

# A copy of the tree, since it gets an environment.
mkdir "$scratch/tree"
(cd "$repo" && git ls-files -z | while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
  tar --null -T - -cf - ) | tar -xf - -C "$scratch/tree"
mkdir -p "$scratch/tree/environments" "$scratch/tree/build/release/bin"
cp "$msctl" "$scratch/tree/build/release/bin/"
cat >"$scratch/tree/environments/images.yaml" <<END
image_prefix: localhost/shop
tag: "test"
base_image: $base
build_image: $base
setup: {inputs: [.ci/deps, .ci/packages-build.txt], command: [.ci/deps, install, build]}
broker: {url: "nats://127.0.0.1:$broker_port"}
END

cd "$scratch/tree"
for service in "${services[@]}"; do
  build/release/bin/msctl deploy --env images --target dockerfile,k8s --service "$service" >/dev/null 2>&1
  dockerfile=deploy/images/dockerfile/$service/Dockerfile
  say "building $service"
  began=$SECONDS
  buildah "${containers[@]}" bud --quiet --isolation chroot --network host --format docker --layers \
    -f "$dockerfile" -t "localhost/shop/$service:test" . >"$scratch/$service.log" 2>&1 ||
    { tail -n 40 "$scratch/$service.log"; exit 1; }
  size=$(podman "${containers[@]}" image inspect --format '{{.Size}}' "localhost/shop/$service:test")
  own=$((size - $(podman "${containers[@]}" image inspect --format '{{.Size}}' localhost/msctl-base)))
  say "built in $((SECONDS - began)) s, $((own / 1024 / 1024)) MiB on top of the base"

  running+=("msctl-image-$service")
  mkdir -p "$scratch/config/$service" "$scratch/data/$service"
  chown 1000:1000 "$scratch/data/$service"
  /usr/bin/python3 - "deploy/images/kubernetes/$service/service.yaml" >"$scratch/config/$service/config.json" <<'END'
import sys
import yaml
for value in yaml.safe_load_all(open(sys.argv[1])):
    if value["kind"] == "ConfigMap":
        print(value["data"]["config.json"])
END
  port=$(/usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["ports"]["http"])' \
    "$scratch/config/$service/config.json")
  podman "${containers[@]}" run -d --name "msctl-image-$service" --network=host --read-only --user 1000:1000 \
    --cgroups=disabled --cap-drop ALL --security-opt no-new-privileges --ulimit nofile=1024:1024 \
    --ulimit nproc=1024:1024 --tmpfs /tmp:size=64m -e MSCTL_CONFIG=/etc/msctl/config.json \
    -v "$scratch/config/$service:/etc/msctl:ro" -v "$scratch/data/$service:/data/$service" \
    "localhost/shop/$service:test" >/dev/null
  for _ in $(seq 100); do
    curl -sf -o "$scratch/answer" "http://127.0.0.1:$port/health/ready" && break
    sleep 0.1
  done
  if ! curl -sf "http://127.0.0.1:$port/health/ready"; then
    podman "${containers[@]}" logs "msctl-image-$service"
    say "$service does not answer"
    exit 1
  fi
  printf '\n'
  podman "${containers[@]}" exec "msctl-image-$service" "/app/bin/$service" --check /health/ready
  pid=$(podman "${containers[@]}" inspect --format '{{.State.Pid}}' "msctl-image-$service")
  uid=$(awk '/^Uid:/ {print $2}' "/proc/$pid/status")
  [ "$uid" = 1000 ] || { say "$service runs as $uid"; exit 1; }
  podman "${containers[@]}" exec "msctl-image-$service" /bin/sh -c ': >/tmp/x'
  if podman "${containers[@]}" exec "msctl-image-$service" /bin/sh -c ': >/app/x' 2>/dev/null; then
    say "$service can write to its root"
    exit 1
  fi
  began=$(date +%s%N)
  podman "${containers[@]}" stop -t 20 "msctl-image-$service" >/dev/null
  code=$(podman "${containers[@]}" inspect --format '{{.State.ExitCode}}' "msctl-image-$service")
  [ "$code" = 0 ] || { say "$service ended with $code"; exit 1; }
  say "$service answers as uid 1000 on a read-only root, and ends in $((($(date +%s%N) - began) / 1000000)) ms with 0"
done
if [ "$pods" = 1 ]; then
  command -v nats-server >/dev/null || { echo 'images: --pods needs nats-server' >&2; exit 1; }
  nats-server --addr 127.0.0.1 --port "$broker_port" --jetstream --store_dir "$scratch/nats" >"$scratch/nats.log" 2>&1 &
  broker=$!
  rm -rf deploy/images/kubernetes
  build/release/bin/msctl deploy --env images --target k8s >/dev/null
  /usr/bin/python3 tests/bare/pods.py deploy/images/kubernetes "$scratch/pods" "${containers[@]}"
fi
say 'all well'
