// The definition of both operations, one element at a time, sums in double precision.
#include <cmath>

#include "kernels/score/score.h"

namespace espalier {
namespace {

float element(int32_t criterion, const void* weight, const void* gradient, int64_t i) {
  const auto w = [&] { return static_cast<const float*>(weight)[i]; };
  const auto g = [&] { return static_cast<const float*>(gradient)[i]; };
  switch (criterion) {
    case ESP_CRITERION_MAGNITUDE: return std::fabs(w());
    case ESP_CRITERION_GRADIENT: return std::fabs(g());
    case ESP_CRITERION_SIGNED_GRADIENT: return g();
    default: return std::fabs(w() * g());
  }
}

// Not-a-number stays not-a-number.
float channel_element(const score_channels_call& call, const esp_channel_item& item, int64_t i) {
  const float e = element(call.criterion, item.weight, item.gradient, i);
  if (call.criterion == ESP_CRITERION_SIGNED_GRADIENT && e < 0) return 0.0f;
  return std::fabs(e);
}

double accumulate(int32_t norm, double total, double e) {
  switch (norm) {
    case ESP_NORM_L1: return total + e;
    case ESP_NORM_L2: return total + e * e;
    default: return e > total || std::isnan(e) ? e : total;
  }
}

float channel_norm(const score_channels_call& call, int32_t first, int32_t end, int64_t channel) {
  double total = 0;
  for (int32_t n = first; n < end; ++n) {
    const esp_channel_item& item = call.items[n];
    for (int64_t o = 0; o < item.outer; ++o)
      for (int64_t i = 0; i < item.inner; ++i)
        total = accumulate(
            call.norm, total,
            channel_element(call, item, o * item.outer_stride + channel * item.inner + i));
  }
  return static_cast<float>(call.norm == ESP_NORM_L2 ? std::sqrt(total) : total);
}

}  // namespace

int32_t score_element_f32_reference(const score_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_score_item& item = call.items[n];
    for (int64_t i = 0; i < item.count; ++i)
      static_cast<float*>(item.score)[i] = element(call.criterion, item.weight, item.gradient, i);
  }
  return ESP_OK;
}

int32_t score_channel_f32_reference(const score_channels_call& call) {
  for (int32_t first = 0; first < call.item_count;) {
    const int32_t end = group_end(call.items, call.item_count, first);
    for (int64_t c = 0; c < call.items[first].channels; ++c)
      static_cast<float*>(call.items[first].score)[c] = channel_norm(call, first, end, c);
    first = end;
  }
  return ESP_OK;
}

}  // namespace espalier
