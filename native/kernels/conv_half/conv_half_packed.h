// The packed form of CUDA, shared by the host's size queries and the .cu files. Every part begins
// at a multiple of 64 bytes.
//
// Vectors. A list holds the kept vectors of one block of outputs and one chunk of input channels,
// 16 to a step of the matrix product, the last step filled up:
//   int32 starts[lists + 1]                  first step of list block * chunks + chunk
//   uint16 offsets[steps][4][4]              elements into the tile; [t]: rows 2t, 2t+1, 2t+8, 2t+9
//   uint16 values[steps][vector / 16][32][8] A's fragments as base/mma.cuh lays them out
// Rows of a step are in an order of its own: column t of `offsets` takes, while it has any, those
// vectors whose channel c has c / 2 % 4 = t. With a pitch of an odd number of 16-byte lines the
// four columns and the eight pixels of a warp's load then meet 32 different banks.
//
// 2:4. A step is one tap of 32 channels; steps count chunks of 32 channels, then taps:
//   uint16 values[blocks of 64 outputs][steps][4][32][8]
//   uint32 metadata[blocks][steps][2][32]    one word serves two tiles of 16 outputs, by selector
//   int32 taps[r * s]                        elements into the tile
#pragma once

#include "kernels/conv_half/conv_half.h"
#include "kernels/conv_half/conv_half_plan.h"

namespace espalier {

constexpr int half_step = 16;          // kept vectors
constexpr int half_pair_outputs = 64;  // per block in the pattern 2:4
constexpr int half_pair_channels = 32;

// Bytes from the start of the packed form.
struct half_packed {
  int64_t blocks;  // per group
  int64_t lists, steps;
  int64_t offsets_at, values_at, metadata_at, taps_at, bytes;
};

namespace {

inline int64_t half_round_up(int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

inline half_packed make_half_packed(const esp_conv2d_half_layout& l, const half_plan& p,
                                    int64_t vectors) {
  const esp_conv2d_shape& s = l.shape;
  half_packed d{};
  if (l.pattern == ESP_PATTERN_VECTOR) {
    d.blocks = half_group_blocks(s, l.vector);
    d.lists = s.groups * d.blocks * p.chunks;
    const int64_t filled = vectors < d.lists ? vectors : d.lists;  // lists with a last step
    d.steps = (vectors + (half_step - 1) * filled) / half_step;
    d.offsets_at = half_round_up(4 * (d.lists + 1));
    d.values_at = half_round_up(d.offsets_at + 2 * half_step * d.steps);
    d.bytes = half_round_up(d.values_at + 2 * half_step * l.vector * d.steps);
    return d;
  }
  d.blocks = half_group_blocks(s, half_pair_outputs);
  d.steps = half_ceil_div(s.c / s.groups, half_pair_channels) * s.r * s.s;
  d.metadata_at = s.groups * d.blocks * d.steps * half_pair_outputs * 32;
  d.taps_at = d.metadata_at + s.groups * d.blocks * d.steps * 256;
  d.bytes = half_round_up(d.taps_at + 4 * s.r * s.s);
  return d;
}

}  // namespace
}  // namespace espalier
