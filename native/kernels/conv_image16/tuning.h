// Constants of the CPU kernels and of the model that chooses their tiles. See NOTES.md.
#pragma once

#include <cstdint>

namespace espalier {

// Source channels per list of kept weights, and most lists per result channel: a slab is a whole
// number of lists.
constexpr int64_t image16_list_channels = 2;
constexpr int64_t image16_most_lists = 128;

// Accumulators of one thread stay in the second cache level beside the weights.
constexpr int64_t image16_accumulator_bytes = 512 << 10;

// What the source lines of a slab may take, tried in turn.
constexpr int64_t image16_slab_bytes[] = {16 << 10, 20 << 10, 24 << 10, 28 << 10, 32 << 10,
                                          36 << 10, 42 << 10, 52 << 10, 80 << 10};

// Result channels whose kept weights and lines are asked for ahead.
constexpr int64_t image16_results_ahead = 3;

// The model that chooses tiles, in clock cycles.
struct image16_model {
  int64_t most_pixels;
  double first_level_bytes;     // of source lines, beside all else that passes through
  double second_level_penalty;  // per load that misses the first level, in loads
  double weight_loads;          // per kept weight and tile, in loads
  double reload_cycles;         // per accumulator and slab
  double list_cycles;           // per result channel and slab
  double line_cycles;           // per source line brought in
  double row_cycles;            // per row of source lines on a page of its own
};

// Fitted on an Intel Xeon with 2 MB of second level to the rates of 21 layers and sparsities under
// 84 tilings each.
constexpr image16_model image16_large_model = {16, 44 << 10, 1.7, 4.6, 3.1, 30.0, 10.7, 50.0};

// Fitted on an AMD EPYC (Zen 5) with 1 MB of second level to the rates of 27 layers and sparsities
// under 200 tilings each.
constexpr int64_t image16_small_second_level_bytes = 1 << 20;
constexpr image16_model image16_small_sweep_model = {28, 38 << 10, 2.3, 3.5, 4.5, 59.0, 4.7, 4.1};
constexpr image16_model image16_small_gradient_model = {24,   32 << 10, 0.9,  13.8,
                                                        2.45, 21.8,     12.7, 50.0};

}  // namespace espalier
