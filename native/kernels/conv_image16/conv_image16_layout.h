// Where things lie: planes of the image16 layout, and the packed form of the kept weights.
//
// Both directions are one loop. A result pixel (y, x) of a phase reads, for each kept weight, the
// source line at (y * source_step_h + row, x * source_step_w + column) of one source channel: (row,
// column) and the channel make one byte offset. Forward there is one phase and the steps are the
// strides. The gradient of a strided convolution has stride_h * stride_w phases, one per remainder
// of the result's row and column: each takes the taps that reach it, and all steps are 1.
#pragma once

#include <cstdint>

#include "espalier/kernels.h"

namespace espalier {

constexpr int64_t image16_line = 64;  // bytes: one pixel of 16 images
constexpr int64_t image16_most_phases = 64;

// In lines.
struct image16_strides {
  int64_t row, plane, origin;  // origin: from a plane's begin to pixel (0, 0)
};

image16_strides image16_strides_of(const esp_image16& extents);

// Blocks of 16 images.
inline int64_t image16_blocks(int64_t n) {
  return (n + 15) / 16;
}

// The result pixels (row + y * step, column + x * step), 0 <= y < rows, 0 <= x < columns.
struct image16_phase {
  int64_t row, column, rows, columns;
};

// A direction of a convolution, taken apart.
struct image16_problem {
  esp_image16 source, result;
  image16_strides from, to;
  int64_t groups, group_sources, group_results;  // channels per group
  int64_t source_step_h, source_step_w, result_step_h, result_step_w;
  int64_t phases;

  image16_phase phase(int64_t index) const;
};

image16_problem make_image16_problem(const esp_conv2d_image16_layout& layout);

// The phase that tap (r, s) belongs to, and how far from the phase's pixel it reads.
struct image16_tap {
  int64_t phase, row, column;
};
image16_tap image16_tap_of(const esp_conv2d_image16_layout& layout, int64_t r, int64_t s);

// The least halos that the taps need.
void image16_least_halo(const esp_conv2d_image16_layout& layout, int64_t* halo_h, int64_t* halo_w);

// One kept weight: bytes from pixel (0, 0) of the group's first source channel, and its value.
struct image16_entry {
  int32_t offset;
  float value;
};

// Entries behind the last one that a sweep may load, and does not use.
constexpr int64_t image16_entries_ahead = 2;

// The head of the packed form; names what it was packed for. Then int32 starts[phase][list][result
// channel], one row more per phase for the ends, and the entries: by phase, result channel, source
// channel, tap; then entries ahead, all zero. A list holds the kept weights of `list_channels`
// source channels.
struct alignas(64) packed_image16 {
  uint64_t magic;
  int64_t nonzeros;
  esp_conv2d_image16_layout layout;  // with n = 0
  int64_t list_channels, lists;      // per group

  const int32_t* starts(const image16_problem& problem, int64_t phase, int64_t list) const {
    return reinterpret_cast<const int32_t*>(this + 1) +
           (phase * (lists + 1) + list) * problem.result.c;
  }
  const image16_entry* entries(const image16_problem& problem) const;
};

// Bytes of the packed form; -1 if an offset would need more than 31 bits.
int64_t image16_packed_bytes(const esp_conv2d_image16_layout& layout, int64_t nonzeros);

}  // namespace espalier
