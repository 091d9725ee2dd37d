// Constants of the CPU plan and its cost model. See NOTES.md for what was measured and what lost.
#pragma once

#include <cstdint>

namespace espalier {

// Vectors per tile: accumulators that stay in registers beside one broadcast weight.
constexpr int32_t conv_vectors_avx512 = 16;
constexpr int32_t conv_vectors_avx2 = 12;

// Images for which the plan of batches is made, and the output pixels up to which their lanes may
// be images: with more, each lane would be a stream of its own from memory.
constexpr int64_t conv_batch = 16;
constexpr int64_t conv_small_map = 512;

// Slab sizes tried, in bytes. The first stay in a 32 to 48 KB first-level cache beside accumulators
// and weights; the others are served partly by the second level but reload accumulators less often.
constexpr int64_t conv_slab_bytes[] = {20 << 10, 28 << 10, 36 << 10, 52 << 10, 64 << 10, 96 << 10};

// Accumulators of one tile, in bytes: they stay in the second level beside the weights.
constexpr int64_t conv_accumulator_bytes = 256 << 10;

// Planes of input, and of a large output, that are prefetched ahead of the one in work.
constexpr int64_t conv_planes_ahead = 4;

// An output of this many floats is prefetched; a smaller one loses 2 to 7 % by it.
constexpr int64_t conv_far_floats = 1 << 18;

// How far ahead of the sweep kept weights and their offsets are prefetched, in bytes of weights.
constexpr int64_t conv_weights_ahead = 1024;
// Up to so many kept weights (400 KB) stay in a second-level cache from run to run, and are not.
constexpr int64_t conv_near_weights = 1 << 16;

constexpr double conv_first_level_bytes = 40 << 10;
constexpr double conv_plane_cycles = 20.0;  // per input channel of a tile

// The cost model, in clock cycles of one instruction set.
struct conv_costs {
  double load;      // multiply-add with a memory operand, first cache level
  double missed;    // more where that level is missed
  double entry;     // per kept weight and tile
  double list;      // per output, slab and tile
  double reload;    // per accumulator of a list
  double pack;      // per packed vector
  double pack_row;  // the same, per row of lanes
  double store;     // per stored vector
  double store_row;
};
constexpr conv_costs conv_costs_avx512 = {0.70, 0.40, 1.05, 24.0, 0.8, 4.0, 1.0, 9.0, 3.0};
constexpr conv_costs conv_costs_avx2 = {0.585, 0.36, 1.0, 12.0, 0.8, 6.0, 1.8, 9.0, 3.0};

}  // namespace espalier
