// The definition of both steps, one element at a time, in double precision.
#include <cmath>

#include "kernels/optim/optim.h"

namespace espalier {
namespace {

float* floats(void* tensor) {
  return static_cast<float*>(tensor);
}

bool keeps(const void* bits, int64_t i) {
  return bits == nullptr || (static_cast<const uint32_t*>(bits)[i / 32] >> (i % 32) & 1u) != 0;
}

double score_of(int32_t criterion, double w, double scaled) {
  switch (criterion) {
    case ESP_CRITERION_MAGNITUDE: return std::fabs(w);
    case ESP_CRITERION_GRADIENT: return std::fabs(scaled);
    case ESP_CRITERION_SIGNED_GRADIENT: return scaled;
    default: return std::fabs(w * scaled);
  }
}

void sgd_element(const esp_sgd& s, int32_t criterion, const esp_sgd_item& item, int64_t i) {
  float& weight = floats(item.weight)[i];
  float* const velocity = s.momentum > 0.0 ? floats(item.momentum) + i : nullptr;
  const double w = weight;
  const double scaled = s.gradient_scale * static_cast<const float*>(item.gradient)[i];
  if (item.score != nullptr)
    floats(item.score)[i] = static_cast<float>(score_of(criterion, w, scaled));
  if (!keeps(item.bits, i)) {
    weight = 0.0f;
    if (velocity != nullptr) *velocity = 0.0f;
    return;
  }
  const double d = item.weight_decay > 0.0 ? scaled + item.weight_decay * w : scaled;
  const double v = velocity != nullptr ? s.momentum * static_cast<double>(*velocity) + d : d;
  if (velocity != nullptr) *velocity = static_cast<float>(v);
  weight = static_cast<float>(w - s.learning_rate * (s.nesterov != 0 ? d + s.momentum * v : v));
}

void adam_element(const esp_adam& s, int32_t criterion, const esp_adam_item& item, int64_t i) {
  float &weight = floats(item.weight)[i], &mean = floats(item.mean)[i];
  float& square = floats(item.square)[i];
  double w = weight;
  const double scaled = s.gradient_scale * static_cast<const float*>(item.gradient)[i];
  if (item.score != nullptr)
    floats(item.score)[i] = static_cast<float>(score_of(criterion, w, scaled));
  if (!keeps(item.bits, i)) {
    weight = mean = square = 0.0f;
    return;
  }
  double d = scaled;
  if (item.weight_decay > 0.0) {
    if (s.decoupled != 0)
      w *= 1.0 - s.learning_rate * item.weight_decay;
    else
      d += item.weight_decay * w;
  }
  const double m = s.beta1 * static_cast<double>(mean) + (1.0 - s.beta1) * d;
  const double v = s.beta2 * static_cast<double>(square) + (1.0 - s.beta2) * d * d;
  const double step = static_cast<double>(s.step);
  const double mean_bias = 1.0 - std::pow(s.beta1, step);
  const double square_bias = 1.0 - std::pow(s.beta2, step);
  mean = static_cast<float>(m);
  square = static_cast<float>(v);
  weight = static_cast<float>(w - s.learning_rate / mean_bias * m /
                                      (std::sqrt(v / square_bias) + s.epsilon));
}

}  // namespace

int32_t sgd_element_f32_reference(const sgd_step_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n)
    for (int64_t i = 0; i < call.items[n].count; ++i)
      sgd_element(*call.settings, call.criterion, call.items[n], i);
  return ESP_OK;
}

int32_t adam_element_f32_reference(const adam_step_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n)
    for (int64_t i = 0; i < call.items[n].count; ++i)
      adam_element(*call.settings, call.criterion, call.items[n], i);
  return ESP_OK;
}

}  // namespace espalier
