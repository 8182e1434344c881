#!/bin/bash
# The part of tutorial.sh that runs inside the chroot: first `install` as root, then `use` as a user without rights.
set -uo pipefail

work=/src/tutorial
# shellcheck source=tests/bare/tutorial-run.sh
. /src/tutorial-run.sh

if [ "$1" = install ]; then
  # The daemons among the packages must not start in a chroot.
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  export DEBIAN_FRONTEND=noninteractive
  cd "$work" || exit 1
  tutorial_run /src/steps/install
  echo "tutorial: the chroot has $(du -smx / | cut -f 1) MB now"
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  id -u reader >/dev/null 2>&1 || useradd --uid 1000 --home-dir "$work" --shell /bin/bash reader
  chown -R 1000:1000 "$work"
  exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs /usr/bin/env HOME="$work" USER=reader \
    /bin/bash "$0" use
fi

export GIT_AUTHOR_NAME=Reader GIT_AUTHOR_EMAIL=reader@example.com
export GIT_COMMITTER_NAME=Reader GIT_COMMITTER_EMAIL=reader@example.com
cd "$work" || exit 1
# shellcheck disable=SC1091  # written by tutorial.sh
. /src/tutorial-images.sh
tutorial_run /src/steps/shell

# This shell is the first process here, so whatever is left is another one; its own children are waited for.
wait
left=0
for folder in /proc/[0-9]*; do
  pid=${folder#/proc/}
  [ "$pid" != $$ ] || continue
  words=$(tr '\0' ' ' <"$folder/cmdline" 2>/dev/null) || continue
  [ -n "$words" ] || continue
  echo "tutorial: FAILS  a process is left after msctl down: $words"
  left=1
done
[ "$left" = 0 ] && echo 'tutorial: no process is left after msctl down'
exit "$left"
