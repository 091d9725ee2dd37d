// The criteria on the device.
#pragma once

#include "base/cuda.h"
#include "kernels/score/score.h"
#include "kernels/score/tuning.h"

namespace espalier {

template <int criterion>
__device__ __forceinline__ float score_of(float w, float g) {
  if (criterion == ESP_CRITERION_MAGNITUDE) return fabsf(w);
  if (criterion == ESP_CRITERION_GRADIENT) return fabsf(g);
  if (criterion == ESP_CRITERION_SIGNED_GRADIENT) return g;
  return fabsf(w * g);
}

__host__ __device__ constexpr bool score_reads_weight(int criterion) {
  return criterion == ESP_CRITERION_MAGNITUDE || criterion == ESP_CRITERION_TAYLOR;
}

__host__ __device__ constexpr bool score_reads_gradient(int criterion) {
  return criterion != ESP_CRITERION_MAGNITUDE;
}

}  // namespace espalier
