// Layout of the convolution with a vector mask on the CPU.
//
// A tile is tile_rows x tile_cols output pixels of one image, or several whole images. What it
// needs of the input channels of a group is copied once into a slab
//   [image][channel][row phase][column phase][plane row][pitch],
// zero where that is padding. Row y, column x of plane (a, b) is input row
//   (y0 + y) * stride_h + a * dilation_h - pad_top, columns alike,
// so tap r reads plane a = r % period from row r / period * step on, where period = stride_h /
// gcd(stride_h, dilation_h) and step = dilation_h / gcd: stride, dilation, padding and kernel size
// are spent while copying, a kept vector is one constant offset, and neighbouring pixels are
// neighbouring floats.
//
// The pixels of a tile are cut into units of `unit` consecutive pixels of one row, listed through
// all rows and images. A micro-tile is up to most_units consecutive units. For one block of 16
// outputs it holds one accumulator of 16 floats per pixel and does for each kept vector
//   accumulator[u][x] += weights * slab[offset + unit_offset[u] + x],
// the activation being broadcast from memory. A micro-tile reads a small part of the slab, which
// stays in the first-level cache while all blocks of outputs go over it.
//
// A pointwise convolution is planned as one row of h * w pixels.
#pragma once

#include <cstdint>

#include "espalier/kernels.h"
#include "kernels/conv_vector/tuning.h"

namespace espalier {

// One axis of the kernel: see above.
struct vector_axis {
  int64_t period, planes, step, halo;
};

// What the packed weights depend on: not on the batch.
struct vector_plan {
  int32_t lanes;  // floats per SIMD vector
  vector_micro_tile micro;
  int64_t tile_rows, tile_cols;  // columns: a multiple of micro.unit
  vector_axis rows, columns;
  int64_t plane_rows, pitch, channel_floats;
  int64_t out_h, out_w;
};

// The plan together with the batch. Counts are floats unless named otherwise.
struct vector_geometry {
  int64_t images;                   // per tile
  int64_t tiles_h, tiles_w, tiles;  // per image; of all images
  int64_t image_floats, slab_floats, units;
  int64_t scratch_bytes;
};

// A pointwise convolution without stride or padding as one row; any other shape as it is.
esp_conv2d_shape flatten_pointwise_vector(const esp_conv2d_shape& shape);

// `s` is flattened. All outputs of a shape and number of kept vectors share one plan.
vector_plan make_vector_plan(const esp_conv2d_shape& s, int64_t vectors, int32_t lanes);
vector_geometry make_vector_geometry(const vector_plan& plan, const esp_conv2d_shape& s);

// Floats from a slab's start to the first pixel's tap (r, q) of channel c.
int64_t vector_offset(const vector_plan& plan, int64_t c, int64_t r, int64_t q);

}  // namespace espalier
