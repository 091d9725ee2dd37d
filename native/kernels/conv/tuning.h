// Constants of the CPU plan and its cost model. See NOTES.md for what was measured and what lost.
#pragma once

#include <cstdint>

namespace espalier {

// Vectors per tile: accumulators that stay in registers beside one broadcast weight.
constexpr int32_t conv_vectors_avx512 = 16;
constexpr int32_t conv_vectors_avx2 = 12;

// Images for which the plan of batches is made.
constexpr int64_t conv_batch = 16;

// Slab sizes tried, in bytes. The first stay in a 32 to 48 KB first-level cache beside accumulators
// and weights; the others are served partly by the second level but reload accumulators less often.
constexpr int64_t conv_slab_bytes[] = {20 << 10, 28 << 10, 36 << 10, 64 << 10, 96 << 10};

// Accumulators of one tile, in bytes: they stay in the second level beside the weights.
constexpr int64_t conv_accumulator_bytes = 256 << 10;

// Planes of input, and of a large output, that are prefetched ahead of the one in work.
constexpr int64_t conv_planes_ahead = 4;

// An output of this many floats is prefetched; a smaller one loses 2 to 7 % by it.
constexpr int64_t conv_far_floats = 1 << 18;

// How far ahead of the sweep kept weights and their offsets are prefetched, in bytes of weights.
constexpr int64_t conv_weights_ahead = 1024;

// The cost model, in clock cycles.
constexpr double conv_load_cycles = 0.76;  // multiply-add with a memory operand, first cache level
constexpr double conv_second_level_cycles = 0.4;  // more where that level is missed
constexpr double conv_first_level_bytes = 40 << 10;
constexpr double conv_entry_cycles = 1.0;     // per kept weight and tile
constexpr double conv_reload_cycles = 1.5;    // per accumulator, output and slab
constexpr double conv_list_cycles = 10.0;     // per output and slab
constexpr double conv_copy_cycles = 2.0;      // per packed vector
constexpr double conv_lane_row_cycles = 1.0;  // the same, per row of lanes
constexpr double conv_store_cycles = 3.0;     // per stored row

}  // namespace espalier
