# What the benchmarks' scripts share; to be sourced.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Builds the native library, unless ESPALIER_NATIVE_DIR has it, and the benchmarks.
build() {
  local native="${ESPALIER_NATIVE_DIR:-$root/build/native/lib}"
  if [ -z "${ESPALIER_NATIVE_DIR:-}" ]; then
    cmake -S "$root" -B "$root/build/native" -G Ninja -DCMAKE_BUILD_TYPE=Release >&2
    cmake --build "$root/build/native" --target libraries >&2
  fi
  (cd "$root" && mvn -B -ntp -q -DskipTests -Dspotless.check.skip=true "-Despalier.native.dir=$native" -pl bench -am package) >&2
}

# Runs a main class of the benchmarks with the launcher's settings.
launch() {
  export OPENBLAS_NUM_THREADS="$OMP_NUM_THREADS"
  export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}" GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" -XX:+UseG1GC -Xshare:auto \
    -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 \
    "-Dorg.bytedeco.javacpp.cachedir=$root/build/javacpp-cache" -Djava.awt.headless=true \
    -cp "$root/bench/target/lib/*" "$@"
}

# A JSON string.
quoted() {
  local text="${1//\\/\\\\}"
  printf '"%s"' "${text//\"/\\\"}"
}

# result COMMAND RAW SUFFIX: keeps the JSON of the file RAW, with command and machine, as bench/results/<date>-<machine>SUFFIX.json.
result() {
  local cpu machine out
  cpu="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
  machine="$(printf '%s' "$cpu" | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '-' | sed 's/^-//; s/-$//')"
  out="$root/bench/results/$(date -u +%Y-%m-%d)-$machine$3.json"
  mkdir -p "$root/bench/results"
  {
    printf '{\n"command": %s,\n' "$(quoted "$1")"
    printf '"commit": %s,\n' "$(quoted "$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)")"
    printf '"machine": {"cpu": %s, "cores": %s, "kernel": %s},\n' "$(quoted "$cpu")" "$(nproc --all)" "$(quoted "$(uname -sr)")"
    printf '"notes": %s,\n"benchmarks":\n' "$(quoted "${ESPALIER_BENCH_NOTES:-}")"
    # Paths of this machine say nothing about the figures.
    sed "s#$root/##g; s#$root##g" "$2"
    printf '}\n'
  } >"$out"
  printf 'bench: %s\n' "$out" >&2
}
