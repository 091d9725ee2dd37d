// Masked 2-d convolution of batches and its gradients in the image16 layout, binary32; the contract
// is in espalier/kernels.h. Arguments are valid, and no size is 0 except n, when a kernel is
// called.
//
//   forward          output[n, k, y, x] = sum over c, r, s of weight[k, c, r, s] * input[n, c, y',
//   x'],
//                    y' = y * stride_h + r * dilation_h - pad_top, x' alike
//   input gradient   the transposed sum: input_gradient[n, c, y', x'] over all k, r, s and (y, x)
//   weight gradient  weight_gradient[k, c, r, s] = sum over n, y, x of output_gradient * input
//
// over the weights whose mask bit is 1; epilogue.h says what happens to a result's sum. AVX2 and
// AVX-512 sum in binary32 with fused multiply-adds, in an order that depends on the layout, the
// number of kept weights and the backend only. Error to first order: at most (terms + 8) * 2^-24 *
// (|bias| + |residual| + sum of |products|).
#pragma once

#include "base/abi.h"
#include "base/conv_shape.h"
#include "kernels/conv_image16/conv_image16_layout.h"

namespace espalier {

struct image16_pack_call {
  const esp_image16* extents;
  bool channels_last;  // of `images`
  const float* images;
  float* image16;
  int32_t threads;
};

struct image16_unpack_call {
  const esp_image16* extents;
  bool channels_last;  // of `images`
  const float* image16;
  float* images;
  int32_t threads;
};

struct conv2d_image16_pack_call {
  const esp_conv2d_image16_layout* layout;
  const float* weight;
  const uint32_t* bits;  // or null: keep all
  int64_t nonzeros;
  void* packed;
  int32_t threads;
};

struct conv2d_image16_call {
  const esp_conv2d_image16_layout* layout;
  const float* source;
  const packed_image16* packed;
  const esp_epilogue* epilogue;
  float* result;
  int32_t threads;
  void* workspace;
};

struct conv2d_image16_weight_gradient_call {
  const esp_conv2d_image16_layout* layout;
  const float* input;
  const float* output_gradient;
  const packed_image16* packed;
  const uint32_t* bits;  // or null
  float* weight_gradient;
  int32_t threads;
  void* workspace;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/conv_image16/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

}  // namespace espalier
