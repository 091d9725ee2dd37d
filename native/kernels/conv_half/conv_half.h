// Sparse 2-d convolution of 16-bit tensors for tensor cores, forward. The contract is in
// espalier/kernels.h. Arguments are valid, and no size is 0 except n and `vectors`, when a kernel
// is called.
//
//   output[n, y, x, k] = act(sum over c, r, s of weight[k, c, r, s] *
//                            input[n, y * stride_h + r * dilation_h - pad_top,
//                                  x * stride_w + s * dilation_w - pad_left,
//                                  k / (K/G) * (C/G) + c]
//                            + bias[k] + residual[n, y, x, k])
//
// over the positions that the pattern keeps for k and the taps inside the input. Weights are
// rounded to the tensors' type while packing; products are exact in binary32. CUDA sums in
// binary32, where the tensor cores may cut instead of round and the order is theirs (PTX ISA, mma:
// "accumulation is performed with at least single precision"). It treats padding as zeros: a weight
// that is not finite makes not-a-number where its tap lies in the padding. In the pattern 2:4 it
// multiplies two of four whatever is kept, the missing ones by 0. Error before the activation: at
// most (terms + 8) * 2^-22 * (|bias| + |residual| + sum of |weight * input|); then one rounding to
// the tensors' type.
#pragma once

#include <cstring>

#include "base/abi.h"
#include "base/conv_shape.h"
#include "base/host_device.h"

namespace espalier {

struct conv2d_half_call {
  const esp_conv2d_half_layout* layout;
  const uint16_t* input;
  const void* packed;
  int64_t vectors;
  esp_epilogue epilogue;
  uint16_t* output;
  void* stream;
};

struct conv2d_half_pack_call {
  const esp_conv2d_half_layout* layout;
  const float* weight;
  const uint32_t* bits;  // or null
  int64_t vectors;
  void* packed;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/conv_half/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

namespace {

// ---- vectors ------------------------------------------------------------------------------------

constexpr int half_most_vector = 32;

ESP_HOST_DEVICE inline int64_t half_ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Blocks of `size` outputs of one group, of which the last may be smaller.
ESP_HOST_DEVICE inline int64_t half_group_blocks(const esp_conv2d_shape& s, int64_t size) {
  return half_ceil_div(s.k / s.groups, size);
}

// Positions (c, r, s) of one output.
ESP_HOST_DEVICE inline int64_t half_positions(const esp_conv2d_shape& s) {
  return s.c / s.groups * s.r * s.s;
}

inline int64_t half_vector_count(const esp_conv2d_half_layout& l) {
  return l.shape.groups * half_group_blocks(l.shape, l.vector) * half_positions(l.shape);
}

// ---- 2:4 ----------------------------------------------------------------------------------------

// The two of four weights at one tap that take part: their places, ascending, and whether each is
// kept or only fills its place.
struct half_pair {
  int32_t place[2];
  bool kept[2];
};

// The weights of four consecutive channels lie `stride` apart from `first` on. Without bits the two
// of largest magnitude, of equals the lower channel; not-a-number is larger than all. With bits
// the first two that are kept.
ESP_HOST_DEVICE inline half_pair half_choose_pair(const float* weight, const uint32_t* bits,
                                                  int64_t first, int64_t stride) {
  uint32_t chosen = 0;
  int32_t count = 0;
  if (bits != nullptr) {
    for (int32_t i = 0; i < 4 && count < 2; ++i) {
      const int64_t at = first + i * stride;
      if ((bits[at / 32] >> (at % 32) & 1u) == 0) continue;
      chosen |= 1u << i;
      ++count;
    }
  } else {
    for (; count < 2; ++count) {
      int32_t largest = -1;
      uint32_t most = 0;
      for (int32_t i = 0; i < 4; ++i) {
        uint32_t word;
        memcpy(&word, weight + first + i * stride, sizeof word);
        word &= 0x7fffffffu;
        if ((chosen >> i & 1u) != 0 || (largest >= 0 && word <= most)) continue;
        largest = i;
        most = word;
      }
      chosen |= 1u << largest;
    }
  }
  half_pair pair{};
  // Places that nothing is kept at are the lowest free ones.
  uint32_t places = chosen;
  for (int32_t i = 0; count < 2; ++i) {
    if ((places >> i & 1u) != 0) continue;
    places |= 1u << i;
    ++count;
  }
  int32_t next = 0;
  for (int32_t i = 0; i < 4; ++i) {
    if ((places >> i & 1u) == 0) continue;
    pair.place[next] = i;
    pair.kept[next++] = (chosen >> i & 1u) != 0;
  }
  return pair;
}

// ---- the reference's packed form ----------------------------------------------------------------

// Vectors: int64 starts[blocks + 1], then one entry per kept vector.
struct half_reference_vector {
  int32_t position;  // (c * r + tap row) * s + tap column
  float weights[half_most_vector];
};

// 2:4: one entry per output, four channels and tap, in the order of the weight tensor.
struct half_reference_pair {
  int32_t place[2];  // 4: nothing is kept
  float weight[2];
};

}  // namespace
}  // namespace espalier
