// Sizes that follow from a convolution's shape.
#pragma once

#include "espalier/kernels.h"

namespace espalier {

inline int64_t conv_out_height(const esp_conv2d_shape& s) {
  return (s.h + s.pad_top + s.pad_bottom - s.dilation_h * (s.r - 1) - 1) / s.stride_h + 1;
}

inline int64_t conv_out_width(const esp_conv2d_shape& s) {
  return (s.w + s.pad_left + s.pad_right - s.dilation_w * (s.s - 1) - 1) / s.stride_w + 1;
}

inline int64_t conv_weight_count(const esp_conv2d_shape& s) {
  return s.k * (s.c / s.groups) * s.r * s.s;
}

inline bool conv_keeps(const uint32_t* bits, int64_t index) {
  return bits == nullptr || (bits[index / 32] >> (index % 32) & 1u) != 0;
}

}  // namespace espalier
