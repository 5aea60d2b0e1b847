#!/bin/sh
# Runs a fuzzer and keeps what it prints out of the way:
#
#     fuzz.sh FOLDER FUZZER [ARGUMENT...]
#
# Prints the final statistics. After a failure it first prints the report: from
# the sanitizer's or libFuzzer's "ERROR:" on (the stack), then where the input
# lies (in FOLDER) and, if it is small, the input in base64. The whole output is
# in FOLDER/log.
set -u
folder=$1
shift
"$@" -print_final_stats=1 -artifact_prefix="$folder/" >"$folder/log" 2>&1
status=$?
if [ $status -ne 0 ]; then
  echo "$1 failed with status $status:"
  if grep -q 'ERROR: \|runtime error: ' "$folder/log"; then
    sed -n '/ERROR: \|runtime error: /,$p' "$folder/log" | head -n 25
  else
    tail -n 25 "$folder/log"
  fi
  grep -a '^MS: \|^SUMMARY: \|Test unit written to\|^Base64: ' "$folder/log"
fi
grep -a '^Done \|^stat::' "$folder/log"
exit $status
