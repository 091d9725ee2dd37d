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

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
native="${ESPALIER_NATIVE_DIR:-$root/build/native/lib}"
regex="${1:-.*}"
[ $# -eq 0 ] || shift

if [ -z "${ESPALIER_NATIVE_DIR:-}" ]; then
  cmake -S "$root" -B "$root/build/native" -G Ninja -DCMAKE_BUILD_TYPE=Release >&2
  cmake --build "$root/build/native" --target libraries >&2
fi
(cd "$root" && mvn -B -ntp -q -DskipTests -Dspotless.check.skip=true "-Despalier.native.dir=$native" -pl bench -am package) >&2

export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export OPENBLAS_NUM_THREADS="$OMP_NUM_THREADS"
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}" GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"
flags=(-XX:+UseG1GC -Xshare:auto
  -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0
  "-Dorg.bytedeco.javacpp.cachedir=$root/build/javacpp-cache" -Djava.awt.headless=true)
raw="$(mktemp)"
trap 'rm -f "$raw"' EXIT
"${JAVA_HOME:+$JAVA_HOME/bin/}java" "${flags[@]}" -cp "$root/bench/target/lib/*" org.openjdk.jmh.Main \
  "$regex" "$@" -foe true -rf json -rff "$raw"

quoted() { # a JSON string
  local text="${1//\\/\\\\}"
  printf '"%s"' "${text//\"/\\\"}"
}
cpu="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
machine="$(printf '%s' "$cpu" | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '-' | sed 's/^-//; s/-$//')"
out="$root/bench/results/$(date -u +%Y-%m-%d)-$machine.json"
mkdir -p "$root/bench/results"
{
  printf '{\n"command": %s,\n' "$(quoted "OMP_NUM_THREADS=$OMP_NUM_THREADS bench/run.sh '$regex' $*")"
  printf '"commit": %s,\n' "$(quoted "$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)")"
  printf '"machine": {"cpu": %s, "cores": %s, "kernel": %s},\n' "$(quoted "$cpu")" "$(nproc --all)" "$(quoted "$(uname -sr)")"
  printf '"notes": %s,\n"benchmarks":\n' "$(quoted "${ESPALIER_BENCH_NOTES:-}")"
  # Paths of this machine say nothing about the figures.
  sed "s#$root/##g; s#$root##g" "$raw"
  printf '}\n'
} >"$out"
printf 'bench: %s\n' "$out" >&2
