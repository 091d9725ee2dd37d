// A real number with a bound of the error of its computation in binary32: the tolerance of a step
// follows from its operations, each rounded by at most half a unit in the last place.
#pragma once

#include <cmath>
#include <limits>

#include "base/testing/values.h"

namespace espalier::test {

struct bounded {
  double value = 0.0;
  double error = 0.0;
};

// The result of an operation on inputs whose errors bring at most `error`.
inline bounded rounded(double value, double error) {
  const double size = std::fabs(value) + error;
  return {value, error + size * float_epsilon / 2 +
                     static_cast<double>(std::numeric_limits<float>::denorm_min()) / 2};
}

inline bounded exactly(double value) {
  return {value, 0.0};
}

// A coefficient in binary64 that the kernels round to binary32.
inline bounded coefficient(double value) {
  return rounded(value, 0.0);
}

inline bounded operator+(const bounded& a, const bounded& b) {
  return rounded(a.value + b.value, a.error + b.error);
}

inline bounded operator-(const bounded& a, const bounded& b) {
  return rounded(a.value - b.value, a.error + b.error);
}

inline bounded operator*(const bounded& a, const bounded& b) {
  return rounded(a.value * b.value,
                 std::fabs(a.value) * b.error + std::fabs(b.value) * a.error + a.error * b.error);
}

inline bounded operator/(const bounded& a, const bounded& b) {
  const double least = std::fabs(b.value) - b.error;
  if (least <= 0.0) return {a.value / b.value, std::numeric_limits<double>::infinity()};
  return rounded(a.value / b.value, (a.error + std::fabs(a.value / b.value) * b.error) / least);
}

inline bounded root(const bounded& a) {
  const double low = std::sqrt(std::fmax(a.value - a.error, 0.0));
  const double high = std::sqrt(a.value + a.error), middle = std::sqrt(a.value);
  return rounded(middle, std::fmax(high - middle, middle - low));
}

}  // namespace espalier::test
