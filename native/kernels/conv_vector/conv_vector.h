// Masked 2-d convolution, forward, binary32, whose mask keeps or drops 16 weights at a time: those
// of 16 consecutive outputs of a group at one position (c, r, s). The contract is in
// espalier/kernels.h. Arguments are valid, and no size is 0 except n and `vectors`, when a kernel
// is called.
//
//   output[n, k, y, x] = act(sum over c, r, s of weight[k, c, r, s] *
//                            input[n, k / (K/G) * (C/G) + c,
//                                  y * stride_h + r * dilation_h - pad_top,
//                                  x * stride_w + s * dilation_w - pad_left]
//                            + bias[k] + residual[n, k, y, x])
//
// over the positions that the mask keeps for the block of k and the taps inside the input. AVX2 and
// AVX-512 sum in binary32 with fused multiply-adds in order of (c, r, s), so that their results do
// not depend on the number of threads. They treat padding as zeros: a weight that is not finite
// makes not-a-number where its tap lies in the padding. Error before the activation, to first
// order: at most (terms + 8) * 2^-24 * (|bias| + |residual| + sum of |weight * input|).
#pragma once

#include "base/abi.h"
#include "base/conv_shape.h"

namespace espalier {

struct conv2d_vector_call {
  const esp_conv2d_shape* shape;
  const float* input;
  const void* packed;
  int64_t vectors;
  esp_epilogue epilogue;
  float* output;
  int32_t threads;
  void* workspace;
  void* stream;
};

struct conv2d_vector_pack_call {
  const esp_conv2d_shape* shape;
  const float* weight;
  const uint32_t* bits;  // or null: keep all
  int64_t vectors;
  void* packed;
  int32_t threads;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/conv_vector/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

// Outputs that share their kept positions.
constexpr int64_t vector_outputs = 16;

inline int64_t vector_group_blocks(const esp_conv2d_shape& s) {
  return (s.k / s.groups + vector_outputs - 1) / vector_outputs;
}

// Blocks of outputs of all groups; their masks follow each other in `bits`.
inline int64_t vector_blocks(const esp_conv2d_shape& s) {
  return s.groups * vector_group_blocks(s);
}

// Positions (c, r, s) of one block.
inline int64_t vector_positions(const esp_conv2d_shape& s) {
  return s.c / s.groups * s.r * s.s;
}

// First output of a block, and how many it has: fewer than 16 at the end of a group.
inline int64_t vector_first_output(const esp_conv2d_shape& s, int64_t block) {
  const int64_t per_group = vector_group_blocks(s);
  return block / per_group * (s.k / s.groups) + block % per_group * vector_outputs;
}

inline int64_t vector_live_outputs(const esp_conv2d_shape& s, int64_t block) {
  const int64_t left = s.k / s.groups - block % vector_group_blocks(s) * vector_outputs;
  return left < vector_outputs ? left : vector_outputs;
}

// The reference's packed form: int64 starts[blocks + 1], then one entry per kept vector.
struct vector_reference_entry {
  int32_t position;  // (c * r + tap row) * s + tap column
  float weights[vector_outputs];
};

}  // namespace espalier
