// Stores the sums of a block. They pass through shared memory, so that a warp reads the residual
// and writes the output along the channels of a pixel.
#pragma once

#include "base/epilogue.h"
#include "kernels/conv_half/cuda_multiply.cuh"

namespace espalier {
namespace {

// The outputs of a block, as they lie in shared memory: [pixel][outputs + 8].
struct half_stage {
  uint16_t* at;
  int pitch;
  const int64_t* places;  // first element of each pixel in the output, -1 if there is none
  int64_t first_output;   // of the tensor
  int outputs;            // that exist
};

// places[q]: first element of output pixel q of the block.
__device__ void find_places(const half_run& r, const block_place& place, int64_t* places) {
  const half_plan& p = r.problem.plan;
  const int q = static_cast<int>(threadIdx.x), area = p.rows.tile * p.cols.tile;
  if (q >= half_pixels) return;
  const int64_t image = place.image + q / area, y = place.row + q % area / p.cols.tile;
  const int64_t x = place.column + q % p.cols.tile;
  const bool inside =
      q < p.images * area && image < r.problem.shape.n && y < r.out_h && x < r.out_w;
  places[q] = inside ? ((image * r.out_h + y) * r.out_w + x) * r.problem.shape.k : -1;
}

// Copies `width` elements at a time between the stage and a tensor of the output's layout.
template <int width, class Copy>
__device__ void for_each_staged(const half_stage& stage, Copy&& copy) {
  const int per_pixel = stage.outputs / width;
  for (int i = static_cast<int>(threadIdx.x); i < half_pixels * per_pixel; i += half_threads) {
    const int q = i / per_pixel, at = i % per_pixel * width;
    if (stage.places[q] < 0) continue;
    copy(stage.at + q * stage.pitch + at, stage.places[q] + stage.first_output + at);
  }
}

__device__ void read_residual(const half_run& r, const half_stage& stage) {
  const auto* residual = static_cast<const uint16_t*>(r.epilogue.residual);
  if (r.wide_stores)
    for_each_staged<8>(stage, [&](uint16_t* staged, int64_t at) {
      *reinterpret_cast<uint4*>(staged) = *reinterpret_cast<const uint4*>(residual + at);
    });
  else
    for_each_staged<1>(stage, [&](uint16_t* staged, int64_t at) { *staged = residual[at]; });
}

__device__ void write_output(const half_run& r, const half_stage& stage) {
  if (r.wide_stores)
    for_each_staged<8>(stage, [&](const uint16_t* staged, int64_t at) {
      *reinterpret_cast<uint4*>(r.output + at) = *reinterpret_cast<const uint4*>(staged);
    });
  else
    for_each_staged<1>(stage, [&](const uint16_t* staged, int64_t at) { r.output[at] = *staged; });
}

// `places` is shared memory that nobody needs any more, `tile` after one barrier. `block`: the
// warp's block of outputs among the `block_parts` of this block of threads.
template <bool bf16, int block_parts, int tiles_m, int tiles_n>
__device__ void store_sums(const half_run& r, const block_place& place, int first_pixel, int block,
                           const half_sums<tiles_m, tiles_n>& sums, uint16_t* tile,
                           int64_t* places) {
  constexpr int most = block_parts * 16 * tiles_m;
  static_assert(half_pixels * (most + 8) * 2 <= half_tile_bytes, "the stage fits the tile");
  const esp_conv2d_shape& s = r.problem.shape;
  const int64_t group_outputs = s.k / s.groups, first = blockIdx.y % r.parts * most;
  const int64_t left = group_outputs - first;
  const half_stage stage = {tile, most + 8, places, place.group * group_outputs + first,
                            static_cast<int>(left < most ? left : most)};
  const int lane = static_cast<int>(threadIdx.x % 32);
  const auto* bias = static_cast<const float*>(r.epilogue.bias);
  const bool adds = r.epilogue.residual != nullptr;
  find_places(r, place, places);
  __syncthreads();
  if (adds) {
    read_residual(r, stage);
    __syncthreads();
  }
#pragma unroll
  for (int row = 0; row < 2 * tiles_m; ++row) {
    const int output = block * 16 * tiles_m + 8 * row + lane / 4;
    if (output >= stage.outputs) continue;
    const float start = bias != nullptr ? __ldg(bias + stage.first_output + output) : 0.0f;
#pragma unroll
    for (int n = 0; n < tiles_n; ++n)
#pragma unroll
      for (int right = 0; right < 2; ++right) {
        const int q = first_pixel + 8 * n + 2 * (lane % 4) + right;
        uint16_t* const staged = stage.at + q * stage.pitch + output;
        float sum = sums.at[row / 2][n][row % 2 * 2 + right] + start;
        if (adds && places[q] >= 0) sum += bf16 ? float_of_bf16(*staged) : float_of_f16(*staged);
        const float value = activate(sum, r.epilogue.activation);
        *staged = bf16 ? bf16_of_float(value) : f16_of_float(value);
      }
  }
  __syncthreads();
  write_output(r, stage);
}

}  // namespace
}  // namespace espalier
