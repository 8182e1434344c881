# shellcheck shell=bash
# A minimal Debian 12 in a folder, for the scripts beside this one; to be sourced with `root` (a folder, or empty for one
# that goes at the end) and `keep` (0 or 1) set. Mounts and processes live in namespaces of their own, so none outlives
# the script.
#
# shellcheck disable=SC2154  # keep and inside are set by the script that sources this one

suite=bookworm
[ "$(id -u)" -eq 0 ] || { echo 'bare: needs root' >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo 'bare: needs mmdebstrap' >&2; exit 1; }

scratch=$(mktemp -d)
child=''
clean_up() {
  [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true
  if mountpoint -q "$scratch/storage/overlay"; then umount "$scratch/storage/overlay"; fi
  rm -rf "$scratch"
  if [ "$keep" = 1 ]; then echo "bare: kept $root"; else rm -rf --one-file-system "$scratch-root" "$scratch-root-base"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
root=${root:-$scratch-root}

# make_or_reuse PACKAGES: $root becomes a minimal Debian with those packages, unless it is one already.
make_or_reuse() {
  local began=$SECONDS
  if [ -e "$root/etc/msctl-bare" ]; then echo "bare: using $root"; else
    make_chroot "$1" "$root"
    touch "$root/etc/msctl-bare"
    echo "bare: made a minimal Debian in $((SECONDS - began)) s, $(du -sm "$root" | cut -f1) MB"
  fi
  mkdir -p "$root/src"
  install -m 644 /etc/resolv.conf "$root/etc/resolv.conf"
}

# make_chroot PACKAGES FOLDER
make_chroot() {
  local sources=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ -f "$file" ] && grep -v '^#' "$file" | grep -qw "$suite"; then sources+=("$file"); fi
  done
  # How the host reaches its sources, and nothing else of its settings.
  apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' | grep -v '""' >"$scratch/99host" || true
  mmdebstrap --quiet --variant=minbase --include="$1" --aptopt="$scratch/99host" \
    "$suite" "$2" "${sources[@]}"
  install -m 644 "$scratch/99host" "$2/etc/apt/apt.conf.d/99host"
}

# enter [OPTION of unshare…]: runs /src/inside.sh of the chroot with the arguments in `inside`.
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
