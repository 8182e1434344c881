# shellcheck shell=bash
# Runs the blocks of one kind of the tutorial, one after the other in this shell, as a reader pastes them; to be sourced
# with `set -u`. Prints each with its seconds; the first that fails ends the script with what it printed.

# tutorial_run FOLDER: all NN.sh in it.
tutorial_run() {
  local step base title began took
  for step in "$1"/*.sh; do
    base=${step%.sh}
    title="$(cat "$base.title"): $(grep -m1 -v '^for\|^mkdir' "$step" | cut -c 1-70)"
    out=$(mktemp)
    tutorial_step=$title
    trap tutorial_failed EXIT
    began=$EPOCHREALTIME
    set -e
    # shellcheck disable=SC1090  # one of the blocks
    source "$step" >"$out" 2>&1 </dev/null
    took=$(((${EPOCHREALTIME/[.,]/} - ${began/[.,]/}) / 100000))
    if [ -f "$base.check" ]; then
      tutorial_step="$title; then $(cat "$base.check")"
      # shellcheck disable=SC1090
      (source "$base.check") >>"$out" 2>&1 </dev/null
    fi
    set +e
    trap - EXIT
    printf 'tutorial: %4d.%d s  %s\n' $((took / 10)) $((took % 10)) "$title"
    if [ -f "$base.within" ]; then
      tutorial_within "$took" "$(cat "$base.within")"
    fi
    rm -f "$out"
  done
}

tutorial_within() {
  local word='within'
  [ "$1" -le $(($2 * 10)) ] || word='MORE THAN'
  printf 'tutorial:           that is %s the %d s that it may take on 2 idle cores; the load is %s now\n' \
    "$word" "$2" "$(cut -d ' ' -f 1 /proc/loadavg)"
}

tutorial_failed() {
  tail -n 60 "$out"
  printf 'tutorial: FAILS  %s\n' "$tutorial_step"
}
