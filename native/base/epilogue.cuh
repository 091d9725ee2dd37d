// Activations in a CUDA kernel; see epilogue.h for the definition.
#pragma once

#include "base/cuda.h"

namespace espalier {
namespace {

// Not-a-number passes.
__device__ __forceinline__ float activate_float(float x, int32_t activation) {
  switch (activation) {
    case ESP_ACTIVATION_RELU: return x < 0.0f ? 0.0f : x;
    case ESP_ACTIVATION_RELU6: return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
    case ESP_ACTIVATION_SILU: return x / (1.0f + expf(-x));
    case ESP_ACTIVATION_HARD_SWISH:
      return x <= -3.0f ? 0.0f * x : x >= 3.0f ? x : x * (x + 3.0f) * (1.0f / 6.0f);
    default: return x;
  }
}

}  // namespace
}  // namespace espalier
