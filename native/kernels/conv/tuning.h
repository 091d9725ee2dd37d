// Constants of the CPU plan and its cost model. See NOTES.md for what was measured and what lost.
#pragma once

#include <cstdint>

namespace espalier {

// Vectors per tile: accumulators that stay in registers beside one broadcast weight.
constexpr int32_t conv_vectors_avx512 = 16;
constexpr int32_t conv_vectors_avx2 = 12;

// Slab sizes tried, in bytes. The first two stay in a 32 to 48 KB first-level cache beside
// accumulators and weights; the last is served partly by the second level but reloads accumulators
// less often.
constexpr int64_t conv_slab_bytes[] = {20 << 10, 36 << 10, 96 << 10};
constexpr double conv_first_level_bytes = 40 << 10;
constexpr double conv_second_level_penalty =
    1.2;  // extra cycles per load that misses the first level, in loads

// Accumulators of one tile, in bytes: they stay in the second level beside the weights.
constexpr int64_t conv_accumulator_bytes = 256 << 10;

// Input channels per list of kept weights, and most lists per output channel: a slab is a whole
// number of lists.
constexpr int64_t conv_list_channels = 4;
constexpr int64_t conv_most_lists = 64;

// Planes of input and output that are prefetched ahead of the one in work.
constexpr int64_t conv_planes_ahead = 4;
// Output channels whose kept weights are prefetched ahead: a slab's lists lie apart.
constexpr int64_t conv_lists_ahead = 3;

constexpr double conv_shared_crossings_64 = 1.9;
constexpr double conv_shared_crossings_32 = 1.4;
constexpr double conv_reload_cycles = 1.5;  // per accumulator vector, output channel and slab
constexpr double conv_list_cycles = 20.0;   // per output channel and slab: a mispredicted branch
constexpr double conv_pack_cycles = 3.0;    // per packed vector
constexpr double conv_strided_pack_cycles = 5.0;
constexpr double conv_row_cycles = 3.0;  // per packed row

}  // namespace espalier
