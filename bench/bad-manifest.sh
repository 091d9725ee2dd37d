#!/usr/bin/env bash
# Spoils one row of a small manifest in every way, trains on it with both policies, and prints the answers as a Markdown table.
#
# usage: bench/bad-manifest.sh DATA [WORK]
#   DATA  hetero-digits: manifest.csv with the columns id, split, label, image, audio, text and four of a table, and its files
#   WORK  a folder for copies and models, made anew (default: build/bad-manifest)
#
# Exit code 0: with --on-corrupt fail every answer was one line that names the sample, with exit code 2 and nothing left behind; with
# skip, training went on and one line named it; what is whole, if rare, was taken by both.
set -uo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[ $# -ge 1 ] && [ -f "$1/manifest.csv" ] || { echo "usage: $0 DATA [WORK]" >&2; exit 2; }
data="$(cd "$1" && pwd)"
work="${2:-$root/build/bad-manifest}"
export ESPALIER_GPU=off ESPALIER_THREADS="${ESPALIER_THREADS:-1}" OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
rm -rf "$work"
mkdir -p "$work/out"
cd "$work" || exit 2

failed=0
{ head -n 121 "$data/manifest.csv"; grep '^test-000[0-2]' "$data/manifest.csv"; } >whole.csv
tail -n +2 whole.csv | grep -oE '(image|audio)/[a-z]+/[0-9]+\.(png|wav)' | sort -u | while read -r file; do
  mkdir -p "${file%/*}"
  cp "$data/$file" "$file"
done
# A row of which nothing is missing or quoted, and its line.
read -r line id < <(awk -F, 'NR > 1 && NF == 10 && !/"|,,/ { print NR, $1; exit }' whole.csv)
learn=(--model fused --width 0.25 --epochs 1 --validation-fraction 0 --device cpu)

trained() { # POLICY
  "$root/espalier" train --data m.csv "${learn[@]}" --on-corrupt "$1" -o out/x.onnx >stdout 2>stderr
}

told() { # the line that tells of the sample, without this machine's folders
  grep -vE '^(decoding |train epoch |no validation split|column )' stderr | grep -F "$1" | head -n 1 | cut -c 1-400 |
    sed -e "s|$work/||g" -e 's/|/\\|/g'
}

answered() { # WHAT NAMED: m.csv has one bad row, which NAMED names
  local verdict=yes code answer skip
  trained fail
  code=$?
  answer="$(told "$2")"
  [ "$code" = 2 ] && [ -n "$answer" ] && [ "$(grep -c '^espalier' stderr)" = 1 ] && [ -z "$(find out -name '*.onnx')" ] ||
    { verdict=NO; failed=1; }
  rm -rf out/*
  trained skip
  skip=$?
  [ "$skip" = 0 ] && [ "$(grep -vcE '^(decoding |train epoch |no validation split|column )' stderr)" -le 3 ] && [ -n "$(told "$2")" ] &&
    [ -s out/x.onnx ] || { verdict=NO; failed=1; }
  rm -rf out/*
  echo "| $1 | \`$answer\` | $code, $skip | $verdict |"
}

refused() { # WHAT NAMED: m.csv as a whole cannot be read, whatever the policy
  local verdict=yes code policy
  for policy in fail skip; do
    trained "$policy"
    code=$?
    [ "$code" = 2 ] && [ -n "$(told "$2")" ] && [ "$(grep -c '^espalier' stderr)" = 1 ] && [ -z "$(find out -name '*.onnx')" ] ||
      { verdict=NO; failed=1; }
    rm -rf out/*
  done
  echo "| $1 | \`$(told "$2")\` | $code, $code | $verdict |"
}

taken() { # WHAT: m.csv is whole
  local verdict=yes code
  trained fail
  code=$?
  [ "$code" = 0 ] && [ -s out/x.onnx ] || { verdict="NO: $(tail -n 1 stderr)"; failed=1; }
  rm -rf out/*
  echo "| $1 | taken | $code | $verdict |"
}

field() { # N VALUE: whole.csv with one field of the row replaced, as m.csv
  awk -F, -v OFS=, -v id="$id" -v n="$1" -v value="$2" '$1 == id { $n = value } { print }' whole.csv >m.csv
}

number() { # BYTES VALUE: little-endian
  local i value="$2"
  for ((i = 0; i < $1; i++)); do
    printf "\\x$(printf '%02x' $((value & 255)))"
    value=$((value >> 8))
  done
}

wave() { # CHANNELS BITS FRAMES STATED: a WAV that hums, whose header states so many bytes of data
  printf 'RIFF'; number 4 $((36 + $4)); printf 'WAVEfmt '; number 4 16; number 2 1; number 2 "$1"; number 4 8000
  number 4 $((8000 * $1 * $2 / 8)); number 2 $(($1 * $2 / 8)); number 2 "$2"; printf 'data'; number 4 "$4"
  head -c $(($1 * $2 / 8 * $3)) < <(yes hum)
}

base64 -d >bomb.png <<<'iVBORw0KGgoAAAANSUhEUgABhqAAAYagCAAAAACNOVQUAAAAF0lEQVR4nGNgGAWjYBSMglEwCkbBUAcAB9AAAZt5yW8AAAAASUVORK5CYII='
first="$(find image -name '*.png' | sort | head -n 1)"
head -c 90 "$first" >cut.png
echo 'no picture' >text.png
wave 1 16 50 4294967290 >lying.wav
wave 1 16 0 0 >none.wav
wave 1 16 400 800 | head -c 30 >cut.wav
wave 1 24 800 2400 >deep.wav
wave 8 16 800 12800 >wide.wav

echo "| one row of $(($(wc -l <whole.csv) - 1)) | line on standard error, \`--on-corrupt fail\` | exit codes, fail and skip | as stated |"
echo "| --- | --- | ---: | --- |"
cp whole.csv m.csv
taken "nothing wrong"
field 4 bomb.png; answered "a picture of 100,000 x 100,000 pixels in 100 bytes" "m.csv, line $line"
field 4 cut.png; answered "a truncated PNG" "m.csv, line $line"
field 4 text.png; answered "a text named .png" "m.csv, line $line"
field 4 nowhere.png; answered "no such picture" "m.csv, line $line"
field 5 lying.wav; answered "a WAV of 100 bytes of sound that states 4 GiB" "m.csv, line $line"
field 5 none.wav; answered "a WAV of 0 samples" "m.csv, line $line"
field 5 cut.wav; answered "a truncated WAV" "m.csv, line $line"
field 5 deep.wav; taken "a WAV of 24 bits"
field 5 wide.wav; taken "a WAV of 8 channels"
field 3 ''; answered "no label" "m.csv, line $line"
field 7 heavy; answered "a word among numbers" "m.csv, line $line"
field 7 NaN; taken "NaN among numbers, which is a missing one"
field 2 sometime; refused "an unknown split" "m.csv, line $line"
field 11 more; answered "a field more than the header" "m.csv, line $line"
awk -F, -v id="$id" '$1 == id { print $1 "," $2 "," $3; next } { print }' whole.csv >m.csv
answered "seven fields less than the header" "m.csv, line $line"
LC_ALL=C awk -v id="$id" 'index($0, id ",") == 1 { sub(/,"?[a-zA-Z ]*/, ",\xff\xfe", $0) } { print }' whole.csv >m.csv
answered "bytes that are no UTF-8" "m.csv, line $line"
awk -F, -v id="$id" 'BEGIN { word = "seven "; while (length(word) < 1e7) word = word word } $1 == id { print $1 "," $2 "," $3 "," $4 "," $5 "," word ",1,1,1,felt-tip"; next } { print }' whole.csv >m.csv
answered "a text of 10 MB" "m.csv, line $line"
exit "$failed"
