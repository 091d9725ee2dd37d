// Sizes of the CUDA launches. Not yet timed on a GPU: chosen from the occupancy rules.
#pragma once

#include <cstdint>

namespace espalier::score_tuning {

constexpr int block_threads = 256;
// Elements of one tensor that one block scores: 8 float4 per thread.
constexpr int64_t tile = block_threads * 32;
// Items per launch: the table must fit in the kernel parameters (36 and 68 bytes per item).
constexpr int32_t element_items = 900;
constexpr int32_t channel_items = 400;
// Channels of a block: eight floats are one 32-byte sector, the unit of a memory access.
constexpr int tile_channels = 8;
// From this many contiguous elements per channel a warp reads one channel; below, eight channels at
// once.
constexpr int64_t long_inner = 32;

}  // namespace espalier::score_tuning
