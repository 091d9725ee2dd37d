// Sizes of the CUDA launches. Not yet timed on a GPU: chosen from the occupancy rules.
#pragma once

#include <cstdint>

namespace espalier::select_tuning {

constexpr int block_threads = 256;
// Elements of one tensor that one block counts: each block also clears and adds 2048 bins.
constexpr int64_t tile = block_threads * 64;
// Histogram copies in shared memory (8 KiB each), shared out among the warps of a block.
constexpr int shared_copies = 2;
// Items per launch: the table must fit in the kernel parameters (28 bytes per item).
constexpr int32_t items = 1100;

}  // namespace espalier::select_tuning
