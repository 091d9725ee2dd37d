// Tiling of the sparse convolution on tensor cores, shared by the host's size queries and the .cu
// files. It depends on the shape without its batch, so that packed weights serve any batch.
//
// A block computes 128 output pixels, images x rows x cols, of some outputs of one group. It takes
// the group's input channels in chunks. What it needs of a chunk lies in shared memory as
//   [image][row plane][column plane][plane row][plane column][pitch]
// with the chunk's channels of one input pixel side by side: a position. Row y of plane a holds
// input row (y0 + y) * stride_h + a * dilation_h - pad_top, columns alike, so that tap r reads
// plane a = r % period from row r / period * step on, where period = stride_h / gcd(stride_h,
// dilation_h) and step = dilation_h / gcd. Stride, dilation and padding are spent while copying: a
// tap is one constant offset, and neighbouring output pixels are neighbouring positions.
//
// The pitch is an odd number of 16-byte lines, 8 of its elements past the channels, which stay
// zero: there the weights that only fill a list read their activation.
#pragma once

#include <cstdint>

#include "base/abi.h"
#include "base/conv_shape.h"
#include "base/host_device.h"

namespace espalier {

constexpr int half_pixels = 128;
constexpr int half_threads = 256;
constexpr int half_tile_bytes = 46592;  // beside it 2.5 KB for the positions: 48 KB are static
constexpr int half_most_positions = half_tile_bytes / 80;
constexpr int half_most_stages = 4;
constexpr int half_pad = 8;  // elements

// One axis of the kernel and of the tile: see above.
struct half_axis {
  int32_t taps, period, planes, step;
  int32_t tile;  // output pixels

  // Rows of a plane beyond the tile's.
  ESP_HOST_DEVICE int32_t halo(int32_t plane) const { return (taps - 1 - plane) / period * step; }

  // First row of a plane among those of all planes; of `planes`: how many there are.
  ESP_HOST_DEVICE int32_t first(int32_t plane) const {
    int32_t rows = plane * tile;
    for (int32_t a = 0; a < plane; ++a) rows += halo(a);
    return rows;
  }

  // Row that tap `tap` of the tile's first pixel reads.
  ESP_HOST_DEVICE int32_t row_of(int32_t tap) const {
    return first(tap % period) + tap / period * step;
  }

  // The plane of a row, whose number within it is left in `row`; `planes` for rows past all.
  ESP_HOST_DEVICE int32_t plane_of(int32_t* row) const {
    int32_t plane = 0;
    while (plane < planes && *row >= tile + halo(plane)) *row -= tile + halo(plane++);
    return plane;
  }
};

struct half_plan {
  int32_t images;
  half_axis rows, cols;
  int32_t line_positions;
  int32_t image_positions, positions;  // of one image, of all
  int32_t channels, chunks;            // per chunk: 32 or 64; chunks per group
  int32_t pitch;                       // elements
  int32_t stages;                      // chunks that lie in shared memory at once
};

namespace {

// Elements from a pixel's position to the one that tap (r, s) reads.
ESP_HOST_DEVICE inline int32_t half_tap_offset(const half_plan& p, int32_t r, int32_t s) {
  return (p.rows.row_of(r) * p.line_positions + p.cols.row_of(s)) * p.pitch;
}

// Position of output pixel `pixel` of a block; pixels that a tile lacks take the first.
ESP_HOST_DEVICE inline int32_t half_pixel_position(const half_plan& p, int32_t pixel) {
  const int32_t area = p.rows.tile * p.cols.tile;
  if (pixel >= p.images * area) return 0;
  return pixel / area * p.image_positions + pixel % area / p.cols.tile * p.line_positions +
         pixel % p.cols.tile;
}

inline int64_t half_gcd(int64_t a, int64_t b) {
  return b == 0 ? a : half_gcd(b, a % b);
}

// False if the axis is too long for any tile.
inline bool make_half_axis(int64_t taps, int64_t stride, int64_t dilation, half_axis* axis) {
  const int64_t common = half_gcd(stride, dilation), period = stride / common;
  const int64_t step = dilation / common, halo = (taps - 1) / period * step;
  if (halo >= half_most_positions || taps > half_most_positions) return false;
  *axis = {static_cast<int32_t>(taps), static_cast<int32_t>(period),
           static_cast<int32_t>(taps < period ? taps : period), static_cast<int32_t>(step), 1};
  return true;
}

// Sets what follows from the extents of a tile; false if it does not fit shared memory.
inline bool set_half_tile(int32_t extra_cols, int32_t extra_positions, half_plan* p) {
  const int64_t line = int64_t{p->cols.first(p->cols.planes)} + extra_cols;
  const int64_t image = p->rows.first(p->rows.planes) * line + extra_positions;
  if (image * p->images > half_most_positions) return false;
  p->line_positions = static_cast<int32_t>(line);
  p->image_positions = static_cast<int32_t>(image);
  p->positions = p->image_positions * p->images;
  return true;
}

inline int32_t half_stages(const half_plan& p, int32_t channels) {
  const int32_t fitting = half_tile_bytes / (p.positions * (channels + half_pad) * 2);
  return fitting < half_most_stages ? fitting : half_most_stages;
}

// Pixels of a run of 8 that meet another one's 16-byte slot of shared memory, in all runs.
inline int32_t half_conflicts(const half_plan& p) {
  int32_t met = 0;
  for (int32_t run = 0; run < half_pixels; run += 8) {
    uint32_t slots = 0;
    for (int32_t i = run; i < run + 8 && i < p.images * p.rows.tile * p.cols.tile; ++i) {
      const uint32_t slot = 1u << half_pixel_position(p, i) % 8;
      met += (slots & slot) != 0 ? 1 : 0;
      slots |= slot;
    }
  }
  return met;
}

// Spreads rows and images so that runs of 8 pixels meet the fewest slots twice, as long as two
// chunks fit.
inline void spread_half_tile(half_plan* best) {
  const int32_t stages = half_stages(*best, 32) < 2 ? half_stages(*best, 32) : 2;
  int32_t fewest = half_conflicts(*best);
  for (int32_t cols = 0; cols < 8 && fewest > 0; ++cols)
    for (int32_t positions = 0; positions < 8 && fewest > 0; ++positions) {
      half_plan p = *best;
      if (!set_half_tile(cols, positions, &p) || half_stages(p, 32) < stages) continue;
      if (half_conflicts(p) >= fewest) continue;
      fewest = half_conflicts(p);
      *best = p;
    }
}

// Whether the convolution is one matrix product over all pixels of all images.
ESP_HOST_DEVICE inline bool half_pointwise(const esp_conv2d_shape& s) {
  return s.r * s.s == 1 && s.stride_h * s.stride_w == 1 &&
         s.pad_top + s.pad_left + s.pad_bottom + s.pad_right == 0;
}

// False if no tile fits shared memory.
inline bool make_half_plan(const esp_conv2d_shape& s, half_plan* best) {
  const int64_t out_h = conv_out_height(s), out_w = conv_out_width(s);
  half_plan p{};
  if (!make_half_axis(s.r, s.stride_h, s.dilation_h, &p.rows)) return false;
  if (!make_half_axis(s.s, s.stride_w, s.dilation_w, &p.cols)) return false;
  double least = -1.0;
  for (int32_t cols = half_pixels; cols >= 1; cols /= 2)
    for (int32_t rows = half_pixels / cols; rows >= 1; rows /= 2) {
      p.cols.tile = cols;
      p.rows.tile = rows;
      if (half_pointwise(s) && cols != half_pixels) continue;
      const bool whole = !half_pointwise(s) && cols >= out_w && rows >= out_h;
      p.images = whole ? half_pixels / (cols * rows) : 1;
      while (p.images > 1 && (!set_half_tile(0, 0, &p) || half_stages(p, 32) < 2 ||
                              p.images * s.h * s.w >= int64_t{1} << 31))
        p.images /= 2;
      if (!set_half_tile(0, 0, &p)) continue;
      const double tiles = static_cast<double>((out_h + rows - 1) / rows) *
                           static_cast<double>((out_w + cols - 1) / cols) / p.images;
      const double cost =
          tiles * (half_pixels + 0.25 * p.positions) * (half_stages(p, 32) < 2 ? 1.5 : 1.0);
      if (least >= 0.0 && cost >= least) continue;
      least = cost;
      *best = p;
    }
  if (least < 0.0) return false;
  spread_half_tile(best);
  best->channels = s.c / s.groups > 32 && half_stages(*best, 64) >= 2 ? 64 : 32;
  best->chunks = static_cast<int32_t>((s.c / s.groups + best->channels - 1) / best->channels);
  best->pitch = best->channels + half_pad;
  best->stages = half_stages(*best, best->channels);
  return true;
}

}  // namespace
}  // namespace espalier
