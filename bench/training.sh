#!/usr/bin/env bash
# Images per second of training ResNet-20 on CIFAR-10: the training loop with its data and augmentation, the same network by bare calls
# of libtorch, and PyTorch in a process beside, in rounds that take turns.
# Usage: bench/training.sh DATA [ROUNDS [BATCHES [PYTHON]]]     DATA: folder with train/<class>/; PYTHON: one that has torch
#
# The outcome goes to bench/results/<date>-<machine>-training.json. Environment: as of bench/run.sh; OMP_NUM_THREADS is 2 by default.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
data="$1" rounds="${2:-9}" batches="${3:-20}"
peer=()
[ $# -lt 4 ] || peer=("$4" "$root/bench/torch_resnet20.py")

build
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-2}"
raw="$(mktemp)"
trap 'rm -f "$raw"' EXIT
launch dev.espalier.bench.TrainingThroughput "$data" "$rounds" "$batches" "${peer[@]}" >"$raw"
result "OMP_NUM_THREADS=$OMP_NUM_THREADS bench/training.sh DATA $rounds $batches ${4:+PYTHON}" "$raw" "-training"
