// Dense 2-d convolution, forward, binary32, that leaves out channels which a mask has emptied but
// which are not removed yet. The contract is in espalier/kernels.h. Arguments are valid, and no
// size is 0 except n, when a kernel is called.
//
//   output[n, k, y, x] = act((k is live ? sum over live c and all r, s of weight[k, c, r, s] *
//                             input[n, k / (K/G) * (C/G) + c,
//                                   y * stride_h + r * dilation_h - pad_top,
//                                   x * stride_w + s * dilation_w - pad_left] : 0)
//                            + bias[k] + residual[n, k, y, x])
//
// over the taps inside the input. CUDA sums in binary32 with fused multiply-adds in order of the
// live channels and taps, and treats padding as zeros: a weight that is not finite makes
// not-a-number where its tap lies in the padding. Error before the activation, to first order: at
// most (terms + 8) * 2^-24 * (|bias| + |residual| + sum of |weight * input|).
#pragma once

#include "base/abi.h"
#include "base/conv_shape.h"

namespace espalier {

struct channel_list_call {
  const uint32_t* bits;
  int64_t channels;
  int32_t* list;
  void* stream;
};

struct conv2d_channels_call {
  const esp_conv2d_shape* shape;
  const float* input;
  const float* weight;
  const int32_t* live_inputs;   // or null: all
  const int32_t* live_outputs;  // or null: all
  esp_epilogue epilogue;
  float* output;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/conv_channels/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

// Taps, over the channels of a chunk, whose weights lie in shared memory at once on CUDA.
constexpr int64_t channel_weight_taps = 160;

namespace {

// Input channels per chunk on CUDA.
inline int64_t channel_most_channels(const esp_conv2d_shape& s) {
  const int64_t taps = s.r * s.s;
  return taps < channel_weight_taps ? channel_weight_taps / taps : 1;
}

}  // namespace
}  // namespace espalier
