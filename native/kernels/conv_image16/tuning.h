// Constants of the CPU kernels and of the model that chooses their tiles. See NOTES.md.
#pragma once

#include <cstdint>

namespace espalier {

// Source channels per list of kept weights, and most lists per result channel: a slab is a whole
// number of lists.
constexpr int64_t image16_list_channels = 4;
constexpr int64_t image16_most_lists = 64;

// Accumulators of one thread stay in the second cache level beside the weights.
constexpr int64_t image16_accumulator_bytes = 512 << 10;

// What the source lines of a slab may take, tried in turn.
constexpr int64_t image16_slab_bytes[] = {24 << 10, 32 << 10, 40 << 10, 52 << 10, 80 << 10};
constexpr double image16_first_level_bytes = 44 << 10;

// Result channels whose kept weights and lines are asked for ahead.
constexpr int64_t image16_results_ahead = 3;

// The model, in clock cycles; fitted to the rates of 21 layers and sparsities under 84 tilings
// each.
constexpr double image16_second_level_penalty =
    1.7;                                       // per load that misses the first level, in loads
constexpr double image16_weight_loads = 4.6;   // per kept weight and tile, in loads
constexpr double image16_reload_cycles = 3.1;  // per accumulator and slab
constexpr double image16_list_cycles = 30.0;   // per result channel and slab: a mispredicted branch
constexpr double image16_line_cycles = 10.7;   // per source line brought in
constexpr double image16_row_cycles = 50.0;    // per row of source lines on a page of its own

}  // namespace espalier
