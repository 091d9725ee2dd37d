#!/usr/bin/env bash
# Gives the command bad input of every kind and prints what it answers as a Markdown table.
#
# usage: bench/bad-input.sh DATA [WORK]
#   DATA  labelled images, train/<class>/*.jpg and test/<class>/*.jpg, all of one size and whole
#   WORK  a folder for copies and models, made anew (default: build/bad-input)
#
# A full disk is a tmpfs of 200 KiB, mounted for the moment; that needs root, and is left out otherwise.
# Exit code 0: every refusal was one line that names the thing, with exit code 2, and left no file behind.
set -uo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[ $# -ge 1 ] && [ -d "$1/train" ] || { echo "usage: $0 DATA [WORK]" >&2; exit 2; }
data="$(cd "$1" && pwd)"
work="${2:-$root/build/bad-input}"
export ESPALIER_GPU=off ESPALIER_THREADS="${ESPALIER_THREADS:-1}" OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
rm -rf "$work"
mkdir -p "$work/out"
cd "$work" || exit 2

failed=0
espalier() { "$root/espalier" "$@"; }
cell() { sed -e "s|$work/||g" -e "s|$data|DATA|g" -e 's/|/\\|/g'; }

# refused WHAT NAMED COMMAND...: one line that holds NAMED besides those that tell of progress, exit code 2, and nothing in
# out/ but what a run logs while it goes (metrics, events) and empty lock files.
refused() {
  local what="$1" named="$2" code lines line left verdict=yes
  shift 2
  espalier "$@" >stdout 2>stderr
  code=$?
  lines="$(grep -vcE '^(decoding [a-z]+: |no validation split: |train epoch )' stderr)"
  line="$(tail -n 1 stderr)"
  left="$(find out -type f -size +0 -not -name metrics.csv -not -path '*/events/*' | head -n 3 | tr '\n' ' ')"
  [ "$code" = 2 ] && [ "$lines" = 1 ] && [[ "$line" == espalier*"$named"* ]] && [ ! -s stdout ] && [ -z "$left" ] ||
    { verdict="NO (lines $lines, left: ${left:-nothing})"; failed=1; }
  echo "| $what | \`$(echo "$line" | cell)\` | $code | $verdict |"
  rm -rf out/* out/.[!.]*
}

copy() { # name: the data set once more, as links, so that it can be spoilt
  cp -rl "$data" "$1" 2>/dev/null || cp -r "$data" "$1"
}

class="$(find "$data/train" -mindepth 1 -maxdepth 1 -type d | sort | head -n 1)"
class="${class##*/}"
image="$(find "$data/train/$class" -name '*.jpg' | sort | sed -n 24p)"
image="${image##*/}"
learn=(--model kerasCnn --width 0.25 --epochs 1 --device cpu)

if ! espalier train --data "$data" --cache cache "${learn[@]}" -o m.onnx >/dev/null 2>stderr; then
  tail -n 1 stderr >&2
  exit 1
fi
rm -rf m.onnx.run

echo "| input | line on standard error | exit code | one line, nothing left |"
echo "| --- | --- | ---: | --- |"
refused "missing folder" none train --data none "${learn[@]}" -o out/x.onnx
refused "folder without images" out train --data out "${learn[@]}" -o out/x.onnx

copy corrupt
size="$(stat -c %s "corrupt/train/$class/$image")"
head -c "$((size / 2))" "$data/train/$class/$image" >half
rm "corrupt/train/$class/$image"
mv half "corrupt/train/$class/$image"
refused "one truncated JPEG among $(find corrupt/train -name '*.jpg' | wc -l), \`--on-corrupt fail\`" "$class/$image" \
  train --data corrupt --cache cache-fail --on-corrupt fail "${learn[@]}" -o out/x.onnx
espalier train --data corrupt --cache cache-skip "${learn[@]}" -o out/x.onnx >/dev/null 2>stderr
code=$?
named="$(grep -F "$image" stderr | head -n 1 | cell)"
counted="$(grep -F '1 corrupt' stderr | head -n 1 | cell)"
verdict="trains on"
[ "$code" = 0 ] && [ -n "$named" ] && [ -n "$counted" ] && [ -s out/x.onnx ] || { verdict=NO; failed=1; }
echo "| the same, skipped | \`$named\`; \`$counted\` | $code | $verdict |"
rm -rf out/*

copy empty
mkdir -p empty/train/nothing
refused "empty class" nothing train --data empty --cache cache-empty "${learn[@]}" -o out/x.onnx

copy other-size
rm "other-size/train/$class/$image"
base64 -d >"other-size/train/$class/tiny.png" <<<'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
refused "an image of another size" tiny.png train --data other-size --cache cache-size "${learn[@]}" -o out/x.onnx
refused "images of another size than the model's" 24 \
  prune m.onnx --data "$data" --cache cache-24 --image-size 24x24 --device cpu -o out/x.onnx

echo 'not a model' >notes.onnx
head -c "$(($(stat -c %s m.onnx) / 2))" m.onnx >cut.onnx
LC_ALL=C sed 's/Relu/Rexu/g' m.onnx >unknown.onnx
: >empty.onnx
refused "no such model" no.onnx prune no.onnx --device cpu -o out/x.onnx
refused "not an ONNX file" notes.onnx prune notes.onnx --device cpu -o out/x.onnx
refused "an image as a model" "$image" prune "$data/train/$class/$image" --device cpu -o out/x.onnx
refused "empty file" empty.onnx prune empty.onnx --device cpu -o out/x.onnx
refused "truncated ONNX" cut.onnx prune cut.onnx --device cpu -o out/x.onnx
refused "unknown operator" Rexu prune unknown.onnx --device cpu -o out/x.onnx

if mount -t tmpfs -o size=200k tmpfs out 2>/dev/null; then
  trap 'umount "$work/out"' EXIT
  refused "disk full while saving a model" "nothing was written" train --data "$data" --cache cache --model kerasCnn \
    --epochs 1 --device cpu --run-dir run-full -o out/x.onnx
  refused "disk full while saving a checkpoint" "out/run" train --data "$data" --cache cache --model kerasCnn \
    --epochs 1 --device cpu --run-dir out/run -o y.onnx
  refused "disk full while caching images" "out/cache" train --data "$data" --cache out/cache "${learn[@]}" -o y.onnx
else
  echo "| disk full while saving | (no right to mount a tmpfs) | | |"
fi
exit "$failed"
