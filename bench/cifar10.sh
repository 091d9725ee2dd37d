#!/usr/bin/env bash
# kerasCnn on CIFAR-10, dense, pruned to half its MACs and to 80 % element sparsity, beside random pruning and a small
# dense network trained equally long. One folder of JSON facts per seed; bench/Summary.java makes the table from them.
#
#   bench/cifar10.sh DATA OUT SEED...      DATA: folder with train/<class>/ and test/<class>/
#
# What is in OUT already is not run again.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
data="$1" out="$2"
shift 2

epochs=14
finetune=10
recipe=(--optimizer adamw --lr 0.002 --weight-decay 0.01 --schedule onecycle --batch-size 64 --flip)
# dense1 keeps its outputs: they are 4 % of the MACs and feed the classifier.
channels=(--pattern channel --of macs --target 0.5 --scope local --ignore dense1)
elements=(--pattern element --target 0.8 --scope global --prune-schedule cubic)

fact() { # name, command: its facts become NAME.json when it has succeeded
  local name="$1"
  shift
  [ -f "$to/$name.json" ] && return
  "$here/espalier" "$@" -o "$to/$name.onnx" --json >"$to/.$name.json"
  mv "$to/.$name.json" "$to/$name.json"
}

trained() { # name, flags of train
  local name="$1"
  shift
  fact "$name" train --data "$data" --model kerasCnn --seed "$seed" "${recipe[@]}" "$@"
}

pruned() { # name, flags of prune
  local name="$1"
  shift
  fact "$name" prune "$to/dense.onnx" --data "$data" --finetune-epochs "$finetune" --recipe "$to/finetune.yaml" \
    --prune-seed "$seed" "$@"
}

for seed in "$@"; do
  to="$out/seed$seed"
  mkdir -p "$to"
  printf 'optimizer: adamw\nlr: 0.002\nweight-decay: 0.01\nschedule: onecycle\nbatch-size: 64\nflip: true\nseed: %s\n' \
    "$seed" >"$to/finetune.yaml"
  trained dense --epochs "$epochs"
  pruned channels "${channels[@]}" --criterion l2
  pruned elements "${elements[@]}" --criterion l1
done
for seed in "$@"; do
  to="$out/seed$seed"
  pruned channels-random "${channels[@]}" --criterion random
  pruned elements-random "${elements[@]}" --criterion random
  # 0.66 of the channels: 1.92 M MACs, what half the MACs of the full width come to.
  trained small-dense --width 0.66 --epochs $((epochs + finetune))
done
