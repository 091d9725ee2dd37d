// Layout of the masked convolution on the CPU: how the output is cut into tiles and the input is
// packed for them.
//
// The lanes of a SIMD vector form a grid of image_lanes x rows.lanes x cols.lanes. A lane owns a
// patch of up to rows.patch x cols.patch neighbouring output pixels of one image, and patches of
// neighbouring lanes adjoin: together they are a tile. The sweep holds one accumulator per pixel
// (i, j) of a patch and does for each kept weight of one output
//   accumulator[i][j] += value * slab[row slot(i, r)][column slot(j, s)]
// so a weight is one constant offset into the slab, and every load is one aligned vector.
//
// Per input channel the slab has rows.slots x cols.slots vectors; lane l of slot q holds, for its
// own patch, the input at distance source(q) from the patch's first pixel, zero where that is
// padding. Taps share slots: slot(i, tap) = i + slot(0, tap). So stride, dilation, padding and
// kernel size are spent while packing, and the sweep does not see them. A slab holds the input
// channels that fit the first cache level; all outputs are swept over it before the next is packed.
//
// Flat tiles serve pointwise convolutions, which are planned as one row of h * w pixels: there the
// lanes of a vector are neighbours, and slot q holds the q-th vector of the tile.
#pragma once

#include <cstdint>

#include "espalier/kernels.h"

namespace espalier {

// Rows or columns of a tile and of the slab.
struct conv_axis {
  int64_t units, tiles;  // units: patch pixels that all lanes together advance by; tiles share them
  int64_t period, slots, phase_step;  // source(q) = q % period * stride + q / period * phase_step
  int32_t lanes, patch;
  int32_t by_tap, reserved;  // 1: every tap has its own slots
};

struct conv_plan {
  conv_axis rows, cols;
  int32_t lanes, image_lanes;  // floats per SIMD vector; of these, along images
  int32_t flat, scaled;        // scaled: flat, or a channel too large for short offsets
  int64_t out_h, out_w;
  int64_t channel_floats;                          // slab floats per input channel
  int64_t slab_channels, slabs;                    // input channels per slab, slabs per group
  int64_t chunk_outputs;                           // most outputs that are swept over one slab
  int64_t slab_bytes, table_bytes, scratch_bytes;  // of one thread: slab, table of input rows,
                                                   // accumulators; the last is their sum
};

// Where a kept weight reads, from the slab's first channel on, in units of 8 bytes: the most that
// an address can scale. Scaled plans: in vectors, or channels of flat tiles.
using conv_offset = uint16_t;
constexpr int64_t conv_offset_bytes = 8;
// The sweep loads offsets by four, and four ahead of the one in work: so many lie behind the last.
constexpr int64_t conv_offsets_ahead = 4;

// For single images and for batches; the second may be the same as the first.
constexpr int conv_plans = 2;

// The head of the packed form; names what it was packed for. Then, for each different plan: int32
// starts[slabs * k + 1], the first kept weight of a list, the kept weights and their offsets, all
// in order of (slab, output, weight).
struct alignas(64) packed_conv {
  uint64_t magic;
  int64_t nonzeros;
  esp_conv2d_shape shape;  // with n = 0
  conv_plan plans[conv_plans];
};

// The shape that is planned: pointwise convolutions flattened to one row.
esp_conv2d_shape flatten_pointwise(const esp_conv2d_shape& shape);

// The cheapest plans for this (flattened) shape and number of kept weights, by the cost model of
// conv_plan.cc; false if none fits.
bool make_conv_plans(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes,
                     conv_plan plans[conv_plans]);
// The plan to use for the shape's batch.
int choose_conv_plan(const conv_plan plans[conv_plans], const esp_conv2d_shape& shape,
                     int64_t nonzeros);
bool are_same(const conv_plan& a, const conv_plan& b);

// The offset of tap (r, s) of a channel of the slab.
int64_t conv_offset_of(const conv_plan& plan, const esp_conv2d_shape& shape, int64_t channel,
                       int64_t r, int64_t s);

// Tiles of a batch.
int64_t conv_tiles(const conv_plan& plan, const esp_conv2d_shape& shape);

}  // namespace espalier
