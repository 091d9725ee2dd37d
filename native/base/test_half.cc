// 16-bit numbers against their definition: sign, exponent and fraction as real numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/half.h"
#include "base/testing/values.h"

namespace espalier::test {
namespace {

struct format {
  int fraction_bits, bias;
  float (*widen)(uint16_t);
  uint16_t (*narrow)(float);
};
const format formats[] = {{10, 15, &float_of_f16, &f16_of_float},
                          {7, 127, &float_of_bf16, &bf16_of_float}};

double defined(const format& f, uint16_t bits) {
  const int exponents = 1 << (15 - f.fraction_bits), exponent = (bits & 0x7fff) >> f.fraction_bits;
  const double fraction = std::ldexp(bits & ((1 << f.fraction_bits) - 1), -f.fraction_bits);
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  if (exponent == exponents - 1) return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
  return sign * (exponent == 0 ? std::ldexp(fraction, 1 - f.bias)
                               : std::ldexp(1.0 + fraction, exponent - f.bias));
}

TEST(HalfTest, WidensAndNarrowsEveryNumber) {
  for (const format& f : formats)
    for (uint32_t i = 0; i < 65536; ++i) {
      const auto bits = static_cast<uint16_t>(i);
      const double expected = defined(f, bits);
      const float value = f.widen(bits);
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(value) && std::isnan(f.widen(f.narrow(value)))) << i;
        continue;
      }
      ASSERT_EQ(expected, static_cast<double>(value)) << i;
      ASSERT_EQ(std::signbit(expected), std::signbit(value)) << i;
      ASSERT_EQ(bits, f.narrow(value)) << i;
    }
}

// No other number is nearer; of two as near the even one is taken.
void expect_nearest(const format& f, float value) {
  const uint16_t bits = f.narrow(value);
  ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << value;
  const double x = std::fabs(static_cast<double>(value));
  const int magnitude = bits & 0x7fff, infinity = 0x8000 - (1 << f.fraction_bits);
  // Infinity stands where the next number would be.
  const auto at = [&](int m) {
    const double below = defined(f, static_cast<uint16_t>(infinity - 1));
    return m < infinity ? defined(f, static_cast<uint16_t>(m))
                        : below + (below - defined(f, static_cast<uint16_t>(infinity - 2)));
  };
  if (x >= at(infinity)) {
    ASSERT_EQ(infinity, magnitude) << value;
    return;
  }
  for (int other : {magnitude - 1, magnitude + 1}) {
    if (other < 0 || other > infinity) continue;
    const double own = std::fabs(x - at(magnitude)), others = std::fabs(x - at(other));
    ASSERT_TRUE(own < others || (own == others && magnitude % 2 == 0)) << value;
  }
}

TEST(HalfTest, RoundsToTheNearestAndToEven) {
  std::mt19937 generator(3);
  for (const format& f : formats) {
    for (float value : extreme_values()) expect_nearest(f, value);
    for (int i = 0; i < 100000; ++i) {
      const auto word = static_cast<uint32_t>(generator());
      const float any = float_of_word(word);
      if (std::isnan(any)) continue;
      expect_nearest(f, any);
      // Around binary16's range, and halfway between two numbers.
      const auto bits = static_cast<uint16_t>(generator() % 0x7c00);
      const float near = f.widen(bits);
      expect_nearest(f, std::nextafterf(near, 1e30f));
      const double halfway = (defined(f, bits) + defined(f, static_cast<uint16_t>(bits + 1))) / 2;
      if (std::isfinite(halfway)) expect_nearest(f, static_cast<float>(halfway));
    }
  }
}

}  // namespace
}  // namespace espalier::test
