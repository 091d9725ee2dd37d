// Layout of the masked convolution on the CPU: how the input is cut into tiles, packed and swept.
//
// A tile is `tile_rows` rows of `tile_cols` output pixels of one image, or whole rows of several
// images side by side, flattened with `pitch` floats per row into `vectors` SIMD vectors. For one
// output channel the sweep holds one accumulator per vector and does for each kept weight
//   accumulator[t] += value * slab[row * pitch + column + t * lanes],   0 <= t < vectors,
// so a weight is one constant offset into the slab, a packed copy of the input. A slab holds a
// block of input channels that fits the first cache level; all output channels are swept over it
// before the next is packed.
//
// Per channel the slab has one plane per (row phase a, first column b) that taps touch. Row y,
// column x of a plane is input row (y0 + y) * stride_h + a, column (x0 + x) * stride_w + b, zero
// where that is padding. So stride, dilation, padding and kernel size are spent while packing, and
// the sweep does not see them.
//   aligned form: b runs over the kernel's columns; vector loads are aligned where pitch is a
//   multiple of lanes; shared form: b runs over the column phases; taps of one phase share a plane
//   and differ by unaligned shifts, which makes the slab up to `s` times smaller. 64-byte loads
//   then split cache lines, 32-byte ones half the time.
// A pointwise convolution is planned as one row of h * w pixels.
#pragma once

#include <cstdint>

#include "espalier/kernels.h"

namespace espalier {

// What the packed weights depend on: not on the batch.
struct conv_plan {
  int32_t lanes;   // floats per SIMD vector
  int32_t shared;  // 1 = shared form
  int32_t tile_rows;
  int32_t row_vectors;  // most vectors per tile row
  int32_t column_planes, planes, plane_rows;
  int64_t row_phase_step, column_plane_step;  // input rows, columns from a plane to the next
  int32_t list_channels;                      // input channels per list of kept weights
  int64_t lists;                              // lists per output channel
  int64_t out_h, out_w;
};

// The rest, for one batch size.
struct conv_geometry {
  int32_t images, tile_cols, image_pitch, pitch, vectors;
  int64_t tiles_h, tiles_w, tiles;      // per image, per image, in all
  int64_t channel_floats;               // slab floats per input channel
  int64_t slab_lists, slabs;            // lists of channels per slab, slabs per group
  int64_t chunk_outputs;                // most output channels swept over one slab
  int64_t slab_floats, scratch_floats;  // scratch of one thread: the slab, then the accumulators
};

// One kept weight. Aligned form: offset = row (channel in group * planes + plane) * plane_rows + y
// of the slab of all channels, so that the pitch may follow the batch. Shared form: byte offset in
// that slab.
struct conv_entry {
  int32_t offset;
  float value;
};

// The head of the packed form; names what it was packed for. Then int32 starts[lists + 1][k], the
// first entry of a list, and the entries in the order of their weights: a list ends where the next
// one of its output begins.
struct alignas(64) packed_conv {
  uint64_t magic;
  int64_t nonzeros;
  esp_conv2d_shape shape;  // with n = 0
  conv_plan plan;
};

// The shape that is planned: pointwise convolutions flattened to one row.
esp_conv2d_shape flatten_pointwise(const esp_conv2d_shape& shape);

// The cheapest plan for this (flattened) shape and number of kept weights, by the cost model of
// conv_plan.cc; lanes = 0 if none fits.
conv_plan make_conv_plan(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes);
conv_geometry make_conv_geometry(const conv_plan& plan, const esp_conv2d_shape& shape,
                                 int64_t nonzeros);

// conv_entry::offset of tap (r, s) of a channel of the group.
int64_t conv_entry_offset(const conv_plan& plan, const conv_geometry& geometry,
                          const esp_conv2d_shape& shape, int64_t channel, int64_t r, int64_t s);

}  // namespace espalier
