#!/bin/bash
# Installs the Debian package of msctl in a minimal Debian 12 made for the purpose, with what it recommends, and builds
# and runs services there that are no part of this repository: tests/consumer, and user-service under another name.
#
#   tests/bare/package.sh [--lintian] [--keep] [--root DIR] [PACKAGE.deb]
#
#   --lintian     install lintian there as well and show what it says about the package
#   --keep        keep the chroot; its folder is printed
#   --root DIR    use this chroot: made when it is missing, reused (and kept) when it is there
#   PACKAGE.deb   default: the one that `make package` has made
#
# Needs root, mmdebstrap and a host whose own apt works. Builds and runs without a network, after the installation.
set -euo pipefail

repo=$(cd "$(dirname "$0")/../.." && pwd)
root='' keep=0 package=''
inside=(install)
while [ $# -gt 0 ]; do
  case $1 in
    --lintian) inside+=("$1") ;;
    --keep) keep=1 ;;
    --root) root=${2:?--root needs a folder}; keep=1; shift ;;
    *.deb) package=$1 ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
for found in "$repo"/build/release/msctl_*.deb; do package=${package:-$found}; done
[ -f "$package" ] || { echo 'bare: no package there: run make package first' >&2; exit 1; }
. "$repo/tests/bare/chroot.sh"

# user-service as a project of its own: as many modules and as much code as a service has.
copy_member_service() {
  local to=$root/src/member file
  mkdir -p "$to/services"
  cp -r "$repo/services/user" "$to/services/member"
  find "$to/services" -depth -name '*user*' | while IFS= read -r file; do
    mv "$file" "$(dirname "$file")/$(basename "$file" | sed 's/user/member/')"
  done
  find "$to/services" -type f -exec sed -i 's/user/member/g; s/User/Member/g' {} +
  sed 's/note/member/' "$repo/tests/consumer/CMakeLists.txt" >"$to/CMakeLists.txt"
}

make_or_reuse ca-certificates
rm -rf "$root/src/consumer" "$root/src/member" "$root"/src/msctl_*.deb
cp -r "$repo/tests/consumer" "$root/src/consumer"
copy_member_service
install -m 644 "$package" "$root/src/"
install -m 755 "$repo/tests/bare/package-inside.sh" "$root/src/inside.sh"
enter
inside=(use)
enter --net
