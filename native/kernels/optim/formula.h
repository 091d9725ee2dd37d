// One element of a step in binary32, for the CPU and for CUDA. Products and sums are rounded one by
// one: the compiler may not fuse them, so every backend gets the same bits.
#pragma once

#include <math.h>

#include "base/host_device.h"
#include "kernels/optim/optim.h"

namespace espalier {
namespace {  // included by files with different instruction sets: nothing here may be shared

ESP_HOST_DEVICE inline float rounded_product(float a, float b) {
#ifdef __CUDA_ARCH__
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

ESP_HOST_DEVICE inline float rounded_sum(float a, float b) {
#ifdef __CUDA_ARCH__
  return __fadd_rn(a, b);
#else
  return a + b;
#endif
}

// ---- score --------------------------------------------------------------------------------------

// From the weight before the step and the scaled gradient.
ESP_HOST_DEVICE inline float score_of(int32_t criterion, float w, float scaled) {
  if (criterion == ESP_CRITERION_MAGNITUDE) return fabsf(w);
  if (criterion == ESP_CRITERION_GRADIENT) return fabsf(scaled);
  if (criterion == ESP_CRITERION_SIGNED_GRADIENT) return scaled;
  return fabsf(rounded_product(w, scaled));
}

// ---- SGD ----------------------------------------------------------------------------------------

struct sgd_constants {
  float learning_rate, momentum, gradient_scale;
  bool nesterov;

  explicit sgd_constants(const esp_sgd& s)
      : learning_rate(static_cast<float>(s.learning_rate)),
        momentum(static_cast<float>(s.momentum)),
        gradient_scale(static_cast<float>(s.gradient_scale)),
        nesterov(s.nesterov != 0) {}
};

// Moves the weight and its velocity; without momentum the velocity given is 0.
ESP_HOST_DEVICE inline void sgd_move(const sgd_constants& c, float decay, float g, float* w,
                                     float* v) {
  float d = rounded_product(c.gradient_scale, g);
  if (decay != 0.0f) d = rounded_sum(d, rounded_product(decay, *w));
  *v = rounded_sum(rounded_product(c.momentum, *v), d);
  const float ahead = rounded_sum(d, rounded_product(c.momentum, *v));
  *w = rounded_sum(*w, -rounded_product(c.learning_rate, c.nesterov ? ahead : *v));
}

// ---- Adam ---------------------------------------------------------------------------------------

// Quotients and powers are taken in binary64, once per call.
struct adam_constants {
  float mean_share, square_keep, square_share;  // 1 - beta1, beta2, 1 - beta2
  float step_size, square_factor, epsilon;      // bias corrections are in the first two
  float gradient_scale;

  explicit adam_constants(const esp_adam& s)
      : mean_share(static_cast<float>(1.0 - s.beta1)),
        square_keep(static_cast<float>(s.beta2)),
        square_share(static_cast<float>(1.0 - s.beta2)),
        step_size(static_cast<float>(s.learning_rate /
                                     (1.0 - pow(s.beta1, static_cast<double>(s.step))))),
        square_factor(
            static_cast<float>(1.0 / sqrt(1.0 - pow(s.beta2, static_cast<double>(s.step))))),
        epsilon(static_cast<float>(s.epsilon)),
        gradient_scale(static_cast<float>(s.gradient_scale)) {}
};

// The decay of one item: what is added to the gradient, or what the weight is multiplied with.
struct adam_decay {
  float added, factor;
};

inline adam_decay adam_decay_of(const esp_adam& s, double weight_decay) {
  if (s.decoupled == 0) return {static_cast<float>(weight_decay), 1.0f};
  return {0.0f, static_cast<float>(1.0 - s.learning_rate * weight_decay)};
}

ESP_HOST_DEVICE inline void adam_move(const adam_constants& c, const adam_decay& decay, float g,
                                      float* w, float* m, float* v) {
  float d = rounded_product(c.gradient_scale, g);
  if (decay.added != 0.0f) d = rounded_sum(d, rounded_product(decay.added, *w));
  *m = rounded_sum(*m, rounded_product(c.mean_share, rounded_sum(d, -*m)));
  *v = rounded_sum(rounded_product(c.square_keep, *v),
                   rounded_product(rounded_product(c.square_share, d), d));
  const float below = rounded_sum(rounded_product(sqrtf(*v), c.square_factor), c.epsilon);
  *w = rounded_sum(rounded_product(*w, decay.factor), -(rounded_product(c.step_size, *m) / below));
}

}  // namespace
}  // namespace espalier
