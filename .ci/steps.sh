# shellcheck shell=bash
# Named steps with their times, for the scripts beside this one; to be sourced.

step_names=() step_results=() step_seconds=()

# step NAME COMMAND…: runs it without input and keeps its outcome.
step() {
  local name=$1 began=$SECONDS result=passed
  shift
  printf '== %s\n' "$name"
  "$@" </dev/null || result=FAILED
  step_names+=("$name")
  step_results+=("$result")
  step_seconds+=($((SECONDS - began)))
}

# passed NAME: whether that step ran and passed.
passed() {
  local i
  for i in "${!step_names[@]}"; do
    if [ "${step_names[i]}" = "$1" ]; then [ "${step_results[i]}" = passed ]; return; fi
  done
  return 1
}

# summary WHAT: prints a line per step; exits 1 when any failed.
summary() {
  local i failed=0
  printf '\n'
  for i in "${!step_names[@]}"; do
    printf '%-12s %s %5d s\n' "${step_names[i]}" "${step_results[i]}" "${step_seconds[i]}"
    [ "${step_results[i]}" = passed ] || failed=$((failed + 1))
  done
  if [ "$failed" -gt 0 ]; then
    printf '%s: FAILED (%d of %d parts), %d s\n' "$1" "$failed" "${#step_names[@]}" "$SECONDS"
    exit 1
  fi
  printf '%s: all passed, %d s\n' "$1" "$SECONDS"
  exit 0
}
