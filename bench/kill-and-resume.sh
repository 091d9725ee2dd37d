#!/usr/bin/env bash
# Kills training and pruning runs with SIGKILL at random moments, resumes them, and compares the weights with those of
# uninterrupted runs, bit for bit; then truncates a checkpoint and resumes from the one before it.
#
# usage: bench/kill-and-resume.sh DATA [SEED] [WORK]
#   DATA  labelled images, train/<class>/*.jpg|png and test/<class>/*.jpg|png; about 2,000 are enough
#   SEED  of the random moments (default: 1)
#   WORK  a folder for models and checkpoints, made anew (default: build/kill-and-resume)
#
# Exit code 0: every kill hit a run at work, and all weights are equal.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[ $# -ge 1 ] && [ -d "$1" ] || { echo "usage: $0 DATA [SEED] [WORK]" >&2; exit 2; }
data="$1"
RANDOM="${2:-1}"
work="${3:-$root/build/kill-and-resume}"
export ESPALIER_GPU=off ESPALIER_THREADS="${ESPALIER_THREADS:-1}" OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
rm -rf "$work"
mkdir -p "$work/whole" "$work/killed"

now() { date +%s.%N; }
calculate() { awk "BEGIN { printf \"%.2f\", $* }"; }
checkpoints() { find "$1.run/checkpoints" -name 'checkpoint-*.safetensors' 2>/dev/null | sort; }
digest() {
  java -cp "$root/java/cli/target/lib/*" "-Dorg.bytedeco.javacpp.cachedir=$root/build/javacpp-cache" \
    "$root/bench/WeightDigest.java" "$1"
}

# stage NAME OUT [MORE...]: begins one stage of the run in the background; its process is $pid.
stage() {
  local name="$1" out="$2"
  shift 2
  local common=(--data "$data" --cache "$work/cache" --device cpu --checkpoint-batches 3 -o "$out")
  local fine_tuning=(--recipe "$work/fine-tune.yaml" --finetune-epochs)
  case "$name" in
    train) set -- train --model kerasCnn --epochs 16 --batch-size 64 --optimizer adamw --lr 0.002 --crop-padding 4 \
      --flip "$@" ;;
    channels) set -- prune "$work/whole/train.onnx" --pattern channel --criterion taylor --of macs --target 0.5 \
      --prune-schedule iterative --rounds 3 "${fine_tuning[@]}" 4 "$@" ;;
    elements) set -- prune "$work/whole/train.onnx" --pattern element --criterion l1 --target 0.8 \
      --prune-schedule cubic "${fine_tuning[@]}" 12 "$@" ;;
  esac
  "$root/espalier" "$@" "${common[@]}" >>"$out.log" 2>&1 &
  pid=$!
}
printf 'batch_size: 64\noptimizer: adamw\nlr: 0.001\n' >"$work/fine-tune.yaml"

declare -A first total
stages=(train channels elements)
"$root/espalier" --version >/dev/null # built before anything is timed

echo "uninterrupted:"
for name in "${stages[@]}"; do
  out="$work/whole/$name.onnx"
  begun="$(now)"
  stage "$name" "$out"
  while [ -z "$(checkpoints "$out")" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  first[$name]="$(calculate "$(now) - $begun")"
  wait "$pid" || { tail -n 3 "$out.log" >&2; exit 1; }
  total[$name]="$(calculate "$(now) - $begun")"
  echo "  $name: first checkpoint after ${first[$name]} s, done after ${total[$name]} s"
done

failed=0
kills=0
compare() { # name, out
  local whole resumed
  whole="$(digest "$work/whole/$1.onnx")"
  resumed="$(digest "$2")"
  echo "  $1: uninterrupted $whole"
  echo "  $1: resumed       $resumed"
  [ "$whole" = "$resumed" ] || { echo "  $1: the weights differ"; failed=1; }
}

# number FILE: the number in the name of a checkpoint, 0 without one.
number() {
  local digits="${1##*-}"
  digits="${digits%.safetensors}"
  echo "$((10#${digits:-0}))"
}
newest() { checkpoints "$1" | tail -n 1; }

# Kills a stage at a random moment of one of its equal parts: some time after a random checkpoint of that part appears.
kill_one() { # name, out, part (from 0), parts
  local name="$1" out="$2" resume=() all at delay begun
  all="$(number "$(newest "$work/whole/$name.onnx")")"
  at="$(((all * $3 + all * (10 + RANDOM % 60) / 100) / $4))"
  [ "$at" -gt 0 ] || at=1
  delay="$(calculate "$RANDOM / 32768 * 3 * (${total[$name]} - ${first[$name]}) / $all")"
  [ -z "$(newest "$out")" ] || resume=(--resume)
  begun="$(now)"
  stage "$name" "$out" "${resume[@]}"
  while [ "$(number "$(newest "$out")")" -lt "$at" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
  sleep "$delay"
  if kill -9 "$pid" 2>/dev/null; then
    kills=$((kills + 1))
    echo "  $name: killed after $(calculate "$(now) - $begun") s, after checkpoint $(number "$(newest "$out")") of $all"
  else
    echo "  $name: had ended before it could be killed"
    failed=1
  fi
  wait "$pid" 2>/dev/null || true
}

finish() { # name, out
  stage "$1" "$2" --resume
  wait "$pid" || { tail -n 3 "$2.log" >&2; exit 1; }
  grep -h '^resumed at' "$2.log" | sed "s/^/  $1: /"
  compare "$1" "$2"
}

echo "killed:"
for name in "${stages[@]}"; do
  out="$work/killed/$name.onnx"
  parts=2
  [ "$name" = train ] || parts=3
  for ((i = 0; i < parts; i++)); do kill_one "$name" "$out" "$i" "$parts"; done
  finish "$name" "$out"
done

echo "truncated checkpoint:"
out="$work/killed/truncated.onnx"
kill_one channels "$out" 0 1
cut="$(newest "$out")"
truncate -s "$(($(stat -c %s "$cut") / 2))" "$cut"
echo "  ${cut##*/} cut to half of its bytes"
finish channels "$out"
warning="$(grep -h "refused.*${cut##*/}" "$out.log" || true)"
if [ -n "$warning" ]; then echo "  $warning"; else echo "  no warning names ${cut##*/}"; failed=1; fi

[ "$failed" = 0 ] && echo "$kills kills, all weights equal" || echo "$kills kills, something failed"
exit "$failed"
