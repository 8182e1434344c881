#!/bin/sh
# kill_at_next.sh FOLDER PROGRAM [ARGUMENT…]: runs the program so that it is killed at the next point of FOLDER/plan, a
# line `CALL N` for each start. Without a plan all calls are listed in FOLDER/calls; with FOLDER/calm it just runs.
#
# -D makes strace a child of the program: the pid stays the one that the supervisor started and handed sockets to.
folder=$1
shift
[ ! -e "$folder/calm" ] || exec "$@"
[ -e "$folder/plan" ] || exec strace -D -f -qq -o "$folder/calls" "$@"
start=$(($(cat "$folder/start" 2>/dev/null || echo 0) + 1))
point=$(sed -n "${start}p" "$folder/plan")
[ -n "$point" ] || exec "$@"
call=${point% *}
echo "$start" >"$folder/start.new" && mv "$folder/start.new" "$folder/start" # it may be killed here as well
echo "$$ $point" >>"$folder/points"
exec strace -D -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=${point#* }" "$@"
