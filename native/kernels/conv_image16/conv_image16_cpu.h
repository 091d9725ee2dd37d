// What the portable driver (conv_image16_cpu.cc) and the kernels that are compiled per instruction
// set (conv_image16_tile-inl.h) share.
#pragma once

#include "kernels/conv_image16/conv_image16.h"

namespace espalier {

constexpr int64_t image16_most_tile_pixels = 28;

// A tile: rows x columns result pixels of a phase, over `slab_lists` lists of source channels at a
// time.
struct image16_tiling {
  int32_t rows, columns;
  int64_t slab_lists, slabs;
};

// Results [result_begin, result_end) of `group` at one tile of one block of images.
struct image16_tile {
  int64_t block, phase, row, column, group, result_begin, result_end;
};

struct image16_run {
  image16_problem problem;
  const packed_image16* packed;
  const image16_entry* entries;
  const float* source;
  float* result;  // weight gradient: the output's gradient, which is read
  esp_epilogue epilogue;
  const image16_tiling* tilings;    // per phase
  int64_t first_row, first_column;  // least of all taps, from a pixel of the source
};

// A sweep of either direction, or the weight gradient.
enum class image16_pass { sweep, weight_gradient };

// The functions of one instruction set.
struct image16_kernels {
  // Whether a tile of this extent has its accumulators in registers.
  bool (*takes)(int64_t rows, int64_t columns);
  void (*tile)(const image16_run&, const image16_tile&, float* accumulators);
  // Adds a tile's products to `sums`, one per entry.
  void (*gradient_tile)(const image16_run&, const image16_tile&, float* sums);
  // One channel of a block, or one row of it where channels come last.
  void (*pack_part)(const esp_image16&, bool channels_last, int64_t block, int64_t part,
                    const float* images, float* image16);
  void (*unpack_part)(const esp_image16&, bool channels_last, int64_t block, int64_t part,
                      const float* image16, float* images);
};

int32_t pack_conv2d_image16_cpu(const conv2d_image16_pack_call& call);
int32_t run_conv2d_image16_cpu(const conv2d_image16_call& call, const image16_kernels& kernels);
int32_t run_weight_gradient_cpu(const conv2d_image16_weight_gradient_call& call,
                                const image16_kernels& kernels);
int32_t pack_image16_cpu(const image16_pack_call& call, const image16_kernels& kernels);
int32_t unpack_image16_cpu(const image16_unpack_call& call, const image16_kernels& kernels);

// The best tiling of a phase by the model of tuning.h.
image16_tiling choose_image16_tiling(const image16_problem& problem, const esp_conv2d_shape& shape,
                                     const image16_phase& phase, const packed_image16& packed,
                                     image16_pass pass, const image16_kernels& kernels);

// Refuses weights that were packed for something else.
int32_t check_packed_image16(const char* function, const esp_conv2d_image16_layout& layout,
                             const packed_image16& packed, int64_t nonzeros);
int64_t conv2d_image16_cpu_workspace_bytes(const esp_conv2d_image16_layout& layout,
                                           int32_t threads);
inline int64_t weight_gradient_cpu_workspace_bytes(int64_t nonzeros) {
  return 4 * nonzeros;
}

}  // namespace espalier
