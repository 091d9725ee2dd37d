// A sparse convolution of 16-bit tensors with its expected result in double precision.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "base/conv_shape.h"
#include "base/epilogue.h"
#include "base/half.h"
#include "base/testing/conv_shapes.h"
#include "base/testing/values.h"
#include "espalier/kernels.h"

namespace espalier::test {

// What a layout adds to a shape.
struct half_form {
  int32_t dtype, pattern, vector;
};
constexpr half_form half_forms[] = {
    {ESP_DTYPE_F16, ESP_PATTERN_VECTOR, 16},     {ESP_DTYPE_BF16, ESP_PATTERN_VECTOR, 32},
    {ESP_DTYPE_F16, ESP_PATTERN_TWO_OF_FOUR, 0}, {ESP_DTYPE_BF16, ESP_PATTERN_VECTOR, 16},
    {ESP_DTYPE_F16, ESP_PATTERN_VECTOR, 32},     {ESP_DTYPE_BF16, ESP_PATTERN_TWO_OF_FOUR, 0}};

struct half_test_problem {
  half_test_problem(const esp_conv2d_shape& s, const half_form& form, double kept, uint32_t seed)
      : layout{s, form.dtype, form.pattern, form.vector},
        weight(random_values(conv_weight_count(s), seed)),
        bias(random_values(s.k, seed + 2)),
        input(halves(random_values(s.n * s.c * s.h * s.w, seed + 1))),
        residual(halves(random_values(output_count(), seed + 3))),
        bits(static_cast<size_t>((bit_count() + 31) / 32)) {
    std::mt19937 generator(seed);
    std::bernoulli_distribution keep(kept);
    for (int64_t i = 0; i < bit_count(); ++i)
      if (keep(generator)) bits[static_cast<size_t>(i / 32)] |= 1u << (i % 32);
    for (int64_t i = 0; !vectors_pattern() && i < bit_count(); ++i) {  // at most two of four
      const int64_t first = i - i / taps() % 4 * taps();
      int before = 0;
      for (int64_t at = first; at < i; at += taps()) before += conv_keeps(bits.data(), at) ? 1 : 0;
      if (before == 2) drop(i);
    }
    count_vectors();
  }

  bool vectors_pattern() const { return layout.pattern == ESP_PATTERN_VECTOR; }
  const esp_conv2d_shape& shape() const { return layout.shape; }
  int64_t taps() const { return shape().r * shape().s; }
  int64_t positions() const { return shape().c / shape().groups * taps(); }
  int64_t group_blocks() const {
    return (shape().k / shape().groups + layout.vector - 1) / layout.vector;
  }
  int64_t bit_count() const {
    return vectors_pattern() ? shape().groups * group_blocks() * positions()
                             : conv_weight_count(shape());
  }
  int64_t output_count() const {
    return shape().n * shape().k * conv_out_height(shape()) * conv_out_width(shape());
  }

  // The bit of position p of output k.
  int64_t bit_of(int64_t k, int64_t p) const {
    if (!vectors_pattern()) return k * positions() + p;
    const int64_t outputs = shape().k / shape().groups;
    return (k / outputs * group_blocks() + k % outputs / layout.vector) * positions() + p;
  }
  bool keeps(int64_t k, int64_t p) const { return conv_keeps(bits.data(), bit_of(k, p)); }
  void drop(int64_t i) { bits[static_cast<size_t>(i / 32)] &= ~(1u << (i % 32)); }
  void count_vectors() {
    vectors = 0;
    for (int64_t i = 0; vectors_pattern() && i < bit_count(); ++i)
      vectors += conv_keeps(bits.data(), i) ? 1 : 0;
  }

  float widen(uint16_t value) const {
    return layout.dtype == ESP_DTYPE_BF16 ? float_of_bf16(value) : float_of_f16(value);
  }
  uint16_t narrow(float value) const {
    return layout.dtype == ESP_DTYPE_BF16 ? bf16_of_float(value) : f16_of_float(value);
  }
  std::vector<uint16_t> halves(const std::vector<float>& values) const {
    std::vector<uint16_t> narrowed;
    for (float v : values) narrowed.push_back(narrow(v));
    return narrowed;
  }

  // The bound that conv_half.h states, grown by the steepest activation (hard swish, slope 3/2) and
  // by the roundings within an activation, then half a unit in the last place of the result, with a
  // floor for denormals.
  void expect_near(const std::vector<uint16_t>& output, bool with_bias, bool with_residual,
                   int32_t activation) const {
    const double rounding = layout.dtype == ESP_DTYPE_BF16 ? 0x1p-8 : 0x1p-11;
    const double floor = layout.dtype == ESP_DTYPE_BF16 ? 0x1p-133 : 0x1p-24;
    const int64_t out_h = conv_out_height(shape()), out_w = conv_out_width(shape());
    for (int64_t i = 0; i < output_count(); ++i) {
      const auto at = static_cast<size_t>(i);
      const int64_t k = i % shape().k, x = i / shape().k % out_w;
      const int64_t y = i / (shape().k * out_w) % out_h, image = i / (shape().k * out_w * out_h);
      double sum = 0, magnitude = 0;
      const int64_t terms = accumulate(image, k, y, x, &sum, &magnitude);
      const double added[] = {with_bias ? static_cast<double>(bias[static_cast<size_t>(k)]) : 0.0,
                              with_residual ? static_cast<double>(widen(residual[at])) : 0.0};
      for (double value : added) {
        sum += value;
        magnitude += std::fabs(value);
      }
      const double expected = activate(sum, activation),
                   got = static_cast<double>(widen(output[at]));
      const double slope = activation == ESP_ACTIVATION_NONE ? 1.0 : 1.5;
      const double before = slope * static_cast<double>(terms + 8) * 0x1p-22 * magnitude +
                            16 * 0x1p-24 * std::fabs(expected);
      const double tolerance = before + rounding * (std::fabs(expected) + before) + floor;
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(got)) << "output " << i << ": " << got;
        continue;
      }
      if (std::isinf(expected)) {
        ASSERT_EQ(expected, got) << "output " << i;
        continue;
      }
      ASSERT_NEAR(expected, got, tolerance)
          << "output " << i << " (channel " << k << ", row " << y << ", column " << x << ") of ["
          << shape().n << ", " << shape().h << ", " << shape().w << ", " << shape().c << "] * ["
          << shape().k << ", " << shape().r << ", " << shape().s << "] / " << shape().groups
          << ", dtype " << layout.dtype << ", pattern " << layout.pattern << ", vector "
          << layout.vector;
    }
  }

  esp_conv2d_half_layout layout;
  std::vector<float> weight, bias;
  std::vector<uint16_t> input, residual;
  std::vector<uint32_t> bits;
  int64_t vectors = 0;

 private:
  int64_t accumulate(int64_t image, int64_t k, int64_t y, int64_t x, double* sum,
                     double* magnitude) const {
    const esp_conv2d_shape& s = shape();
    const int64_t channels = s.c / s.groups, group = k / (s.k / s.groups);
    int64_t terms = 0;
    for (int64_t p = 0; p < positions(); ++p) {
      const int64_t c = p / taps(), r = p / s.s % s.r, q = p % s.s;
      const int64_t row = y * s.stride_h + r * s.dilation_h - s.pad_top;
      const int64_t column = x * s.stride_w + q * s.dilation_w - s.pad_left;
      if (!keeps(k, p) || row < 0 || row >= s.h || column < 0 || column >= s.w) continue;
      const int64_t at = ((image * s.h + row) * s.w + column) * s.c + group * channels + c;
      const float rounded = widen(narrow(weight[static_cast<size_t>(k * positions() + p)]));
      const double term =
          static_cast<double>(rounded) * static_cast<double>(widen(input[static_cast<size_t>(at)]));
      *sum += term;
      *magnitude += std::fabs(term);
      ++terms;
    }
    return terms;
  }
};

}  // namespace espalier::test
