#!/usr/bin/env bash
# Builds the benchmarks and runs those whose names match a regular expression (default: all), with the launcher's JVM flags.
# Usage: bench/run.sh [REGEX [JMH options...]]      e.g. bench/run.sh SessionBenchmark -f 1 -p model=resnet20
#
# The outcome goes to bench/results/<date>-<machine>.json: command, machine, notes, and JMH's own JSON under "benchmarks".
#
# Environment: OMP_NUM_THREADS          CPU threads (default: 1)
#              ESPALIER_BENCH_NOTES     a line on what else the machine did, kept with the results
#              ESPALIER_NATIVE_DIR      folder of libespalier_kernels.so (default: build/native/lib, built if absent)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
regex="${1:-.*}"
[ $# -eq 0 ] || shift

build
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
raw="$(mktemp)"
trap 'rm -f "$raw"' EXIT
launch org.openjdk.jmh.Main "$regex" "$@" -foe true -rf json -rff "$raw"
result "OMP_NUM_THREADS=$OMP_NUM_THREADS bench/run.sh '$regex' $*" "$raw" ""
