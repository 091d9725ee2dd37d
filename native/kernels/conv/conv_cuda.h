// Layout of the masked convolution on CUDA, shared by the host's size queries and cuda.cu. Tiles
// are those of base/halo_tile.h: a kept weight is one offset into a chunk's tile and a pixel
// another. A warp reads the kept weights of one output channel and chunk, the same for all lanes,
// and adds them to four accumulators per lane.
#pragma once

#include <cstdint>

#include "base/halo_tile.h"
#include "kernels/conv/conv.h"

namespace espalier {

constexpr int conv_cuda_threads = halo_tile_threads;
constexpr int conv_cuda_pixels = halo_tile_pixels;
constexpr int conv_cuda_outputs = halo_tile_outputs;
constexpr int conv_cuda_shared_floats = halo_tile_shared_floats;

using conv_cuda_plan = halo_tile;

struct conv_cuda_entry {
  int32_t offset;  // floats into the chunk's tile of one image
  float value;
};

namespace {

inline bool conv_plan_cuda(const esp_conv2d_shape& s, conv_cuda_plan* plan) {
  return choose_halo_tile(s, s.c, plan);
}

inline int64_t conv_cuda_entries_at(const esp_conv2d_shape& s, const conv_cuda_plan& p) {
  return (4 * (s.k * p.chunks + 1) + 63) / 64 * 64;
}

// -1 if no tile fits.
inline int64_t conv_cuda_packed_bytes(const esp_conv2d_shape& s, int64_t nonzeros) {
  conv_cuda_plan plan{};
  if (!conv_plan_cuda(s, &plan)) return -1;
  return conv_cuda_entries_at(s, plan) + static_cast<int64_t>(sizeof(conv_cuda_entry)) * nonzeros;
}

}  // namespace
}  // namespace espalier
