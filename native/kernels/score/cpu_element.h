// Element scores for the CPU, compiled once per instruction set: memory bandwidth decides, so the
// compiler's vector code is enough. Included by one file per instruction set only.
#pragma once

#include <math.h>

#include "base/partition.h"
#include "kernels/score/score.h"

namespace espalier {
namespace {

struct magnitude {
  static float of(const float* w, const float*, int64_t i) { return fabsf(w[i]); }
};
struct gradient_magnitude {
  static float of(const float*, const float* g, int64_t i) { return fabsf(g[i]); }
};
struct signed_gradient {
  static float of(const float*, const float* g, int64_t i) { return g[i]; }
};
struct positive_gradient {
  static float of(const float*, const float* g, int64_t i) { return g[i] < 0 ? 0.0f : fabsf(g[i]); }
};
struct taylor {
  static float of(const float* w, const float* g, int64_t i) { return fabsf(w[i] * g[i]); }
};

template <class Criterion>
void score_part(const esp_score_item& item, int64_t from, int64_t to) {
  const float* w = static_cast<const float*>(item.weight);
  const float* g = static_cast<const float*>(item.gradient);
  float* __restrict score = static_cast<float*>(item.score);
#pragma omp simd
  for (int64_t i = from; i < to; ++i) score[i] = Criterion::of(w, g, i);
}

template <class Criterion>
int32_t score_elements(const score_call& call) {
  constexpr int64_t cache_line = 16;
  const int64_t total = total_count(call.items, call.item_count);
  for_each_thread(total, threads_for(total, call.threads), cache_line,
                  [&](int32_t, int64_t begin, int64_t end) {
                    for_each_part(call.items, call.item_count, begin, end,
                                  [&](int32_t n, int64_t from, int64_t to) {
                                    score_part<Criterion>(call.items[n], from, to);
                                  });
                  });
  return ESP_OK;
}

inline int32_t score_elements_by_criterion(const score_call& call) {
  switch (call.criterion) {
    case ESP_CRITERION_MAGNITUDE: return score_elements<magnitude>(call);
    case ESP_CRITERION_GRADIENT: return score_elements<gradient_magnitude>(call);
    case ESP_CRITERION_SIGNED_GRADIENT: return score_elements<signed_gradient>(call);
    default: return score_elements<taylor>(call);
  }
}

}  // namespace
}  // namespace espalier
