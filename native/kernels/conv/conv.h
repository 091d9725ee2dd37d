// Masked 2-d convolution, forward, binary32; the contract is in espalier/kernels.h. Arguments are
// valid, and no size is 0 except n, when a kernel is called.
//
//   output[n, k, y, x] = act(sum over c, r, s of weight[k, c, r, s] *
//                            input[n, k / (K/G) * (C/G) + c,
//                                  y * stride_h + r * dilation_h - pad_top,
//                                  x * stride_w + s * dilation_w - pad_left]
//                            + bias[k] + residual[n, k, y, x])
//
// over the weights whose mask bit is 1 and the taps inside the input. AVX2, AVX-512 and CUDA sum in
// binary32 with fused multiply-adds, in an order that depends on the shape, the number of kept
// weights and the backend only, never on the number of threads. Error before the activation, to
// first order: at most (terms + 8) * 2^-24 * (|bias| + |residual| + sum of |weight * input|).
#pragma once

#include "base/abi.h"
#include "base/conv_shape.h"

namespace espalier {

struct conv2d_call {
  const esp_conv2d_shape* shape;
  const float* input;
  const void* packed;
  int64_t nonzeros;
  esp_epilogue epilogue;
  float* output;
  int32_t threads;
  void* workspace;
  void* stream;
};

struct conv2d_pack_call {
  const esp_conv2d_shape* shape;
  const float* weight;
  const uint32_t* bits;  // or null: keep all
  int64_t nonzeros;
  void* packed;
  int32_t threads;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/conv/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

// The reference's packed form: int64 starts[k + 1], then the kept weights with their index.
struct conv_reference_entry {
  int32_t index;  // (c * r + tap row) * s + tap column
  float value;
};

}  // namespace espalier
