// Epilogues of convolutions: the choices that tests try, and the value that is expected after one.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "base/epilogue.h"
#include "base/testing/values.h"
#include "espalier/kernels.h"

namespace espalier::test {

constexpr int32_t activations[] = {ESP_ACTIVATION_NONE, ESP_ACTIVATION_RELU, ESP_ACTIVATION_RELU6,
                                   ESP_ACTIVATION_SILU, ESP_ACTIVATION_HARD_SWISH};

struct epilogue_choice {
  bool bias, residual, in_place;  // in_place: the residual is the output
  int32_t activation;
};
constexpr epilogue_choice no_epilogue = {false, false, false, ESP_ACTIVATION_NONE};

// A sum before its activation in double precision, and what bounds its error: the number of
// products, and the sum of the magnitudes of all that was added.
struct exact_sum {
  double value = 0.0, magnitude = 0.0;
  int64_t terms = 0;

  void add(double x) {
    value += x;
    magnitude += std::fabs(x);
  }
};

// The bound of the family's header, (terms + 8) * 2^-24 * magnitude, grown by the steepest
// activation (hard swish, slope 3/2) and by the roundings within an activation, with a floor for
// denormals.
inline void expect_activated(const exact_sum& sum, int32_t activation, float actual) {
  const double expected = activate(sum.value, activation), unit = float_epsilon / 2;
  const bool plain = activation == ESP_ACTIVATION_NONE;
  const double tolerance =
      (plain ? 1.0 : 1.5) * static_cast<double>(sum.terms + 8) * unit * sum.magnitude +
      (plain ? 0 : 16) * unit * std::fabs(expected);
  if (std::isnan(expected))
    ASSERT_TRUE(std::isnan(actual)) << actual;
  else if (std::isinf(expected))
    ASSERT_EQ(expected, static_cast<double>(actual));
  else
    ASSERT_NEAR(expected, actual, tolerance + 1e-44);
}

}  // namespace espalier::test
