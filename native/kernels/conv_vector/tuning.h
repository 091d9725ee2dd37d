// Constants of the plan. See NOTES.md for what was measured and what lost.
#pragma once

#include <cstdint>

namespace espalier {

// Pixels per unit and most units per micro-tile. An accumulator per pixel of 16 outputs must stay
// in a register beside the weights, an offset per unit in a general register.
struct vector_micro_tile {
  int32_t unit, most_units;
};
constexpr vector_micro_tile vector_micro_avx512[] = {{7, 4}, {4, 7}, {3, 9}, {2, 10}, {1, 10}};
constexpr vector_micro_tile vector_micro_avx2[] = {{1, 6}};
constexpr int64_t vector_most_pixels = 32;

// Bytes of a tile's slab: it stays in a second-level cache beside the weights.
constexpr int64_t vector_slab_bytes = 512 << 10;

// Cost of a tile, in cycles: per kept vector and pixel, per kept vector and micro-tile, per float
// copied into the slab.
constexpr double vector_pixel_cycles = 0.5;
constexpr double vector_micro_cycles = 1.5;
constexpr double vector_copy_cycles = 0.25;

// Longest rows of a slab's planes, in floats, that are copied by vectors of the plane, not by rows.
constexpr int64_t vector_spread_pitch = 32;

// Input planes that are prefetched ahead of the one being copied.
constexpr int64_t vector_planes_ahead = 4;
// Kept vectors whose activations are prefetched ahead.
constexpr int64_t vector_entries_ahead = 4;

}  // namespace espalier
