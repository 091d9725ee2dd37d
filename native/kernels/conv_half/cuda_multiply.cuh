// The inner loops of a warp: tiles_m fragments of 16 outputs times tiles_n runs of 8 pixels, over
// the steps of one chunk that lies in shared memory.
#pragma once

#include "base/mma.cuh"
#include "kernels/conv_half/cuda_problem.cuh"

namespace espalier {
namespace {

template <int tiles_m, int tiles_n>
struct half_sums {
  float at[tiles_m][tiles_n][4];
};

__device__ __forceinline__ void unpack(const uint4& four, uint32_t (&words)[4]) {
  words[0] = four.x;
  words[1] = four.y;
  words[2] = four.z;
  words[3] = four.w;
}

// ---- vectors ------------------------------------------------------------------------------------

// What a lane needs of one step: its part of A, and the offsets of its four rows of B.
template <int tiles_m>
struct vector_step {
  uint32_t a[tiles_m][4];
  int32_t offsets[4];

  __device__ __forceinline__ void load(const uint4* values, const uint2* all_offsets, int64_t step,
                                       int lane) {
#pragma unroll
    for (int m = 0; m < tiles_m; ++m)
      unpack(__ldg(values + (step * tiles_m + m) * 32 + lane), a[m]);
    const uint2 packed = __ldg(all_offsets + step * 4 + lane % 4);
    offsets[0] = static_cast<int32_t>(packed.x & 0xffffu);
    offsets[1] = static_cast<int32_t>(packed.x >> 16);
    offsets[2] = static_cast<int32_t>(packed.y & 0xffffu);
    offsets[3] = static_cast<int32_t>(packed.y >> 16);
  }
};

// `pixels`: elements from the chunk to the position of the lane's pixel of each run.
template <bool bf16, int tiles_m, int tiles_n>
__device__ void multiply_vectors(const uint4* values, const uint2* offsets, int begin, int end,
                                 const uint16_t* chunk, const int (&pixels)[tiles_n], int lane,
                                 half_sums<tiles_m, tiles_n>& sums) {
  if (begin >= end) return;
  vector_step<tiles_m> now, next;
  now.load(values, offsets, begin, lane);
  for (int step = begin; step < end; ++step) {
    next.load(values, offsets, step + 1 < end ? step + 1 : step, lane);
#pragma unroll
    for (int n = 0; n < tiles_n; ++n) {
      const uint16_t* pixel = chunk + pixels[n];
      const uint32_t b[2] = {pixel[now.offsets[0]] | uint32_t{pixel[now.offsets[1]]} << 16,
                             pixel[now.offsets[2]] | uint32_t{pixel[now.offsets[3]]} << 16};
#pragma unroll
      for (int m = 0; m < tiles_m; ++m) mma_m16n8k16<bf16>(sums.at[m][n], now.a[m], b);
    }
    now = next;
  }
}

// ---- 2:4 ----------------------------------------------------------------------------------------

// `values` and `metadata` begin at the warp's block and the chunk's first step; `pixels`: as above,
// for the lane whose row of a matrix the lane brings. `columns`: 32 channels each.
template <bool bf16, int tiles_n>
__device__ void multiply_pairs(const uint4* values, const uint32_t* metadata,
                               const int32_t* offsets, int taps, int columns, const uint16_t* chunk,
                               const int (&pixels)[tiles_n], int lane,
                               half_sums<4, tiles_n>& sums) {
  values += lane;
  metadata += lane;
  chunk += lane / 8 * 8;
  for (int column = 0; column < columns; ++column, chunk += half_pair_channels)
#pragma unroll 1
    for (int tap = 0; tap < taps; ++tap, values += 128, metadata += 64) {
      const uint16_t* const from = chunk + __ldg(offsets + tap);
      uint32_t a[4][4];
#pragma unroll
      for (int m = 0; m < 4; ++m) unpack(__ldg(values + m * 32), a[m]);
      const uint32_t places[2] = {__ldg(metadata), __ldg(metadata + 32)};
#pragma unroll
      for (int n = 0; n < tiles_n; ++n) {
        uint32_t b[4];
        load_matrices(b, from + pixels[n]);
        mma_sp_m16n8k32<bf16, 0>(sums.at[0][n], a[0], b, places[0]);
        mma_sp_m16n8k32<bf16, 1>(sums.at[1][n], a[1], b, places[0]);
        mma_sp_m16n8k32<bf16, 0>(sums.at[2][n], a[2], b, places[1]);
        mma_sp_m16n8k32<bf16, 1>(sums.at[3][n], a[3], b, places[1]);
      }
    }
}

}  // namespace
}  // namespace espalier
