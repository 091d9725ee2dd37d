// Sizes that follow from a convolution's shape, and the check of a shape.
#pragma once

#include "base/abi.h"

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

// Refuses a shape that is no convolution, or one that offsets of 32 bits cannot serve. `function`
// is the public function's name, for the message. Not part of the CUDA library.
int32_t check_conv_shape(const char* function, const esp_conv2d_shape* shape);

}  // namespace espalier
