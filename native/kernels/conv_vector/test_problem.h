// A convolution with a vector mask, with its expected result in double precision.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "base/conv_shape.h"
#include "base/testing/conv_shapes.h"
#include "base/testing/epilogue.h"
#include "base/testing/values.h"
#include "espalier/kernels.h"

namespace espalier::test {

struct vector_test_problem {
  vector_test_problem(const esp_conv2d_shape& s, double kept, uint32_t seed)
      : shape(s),
        weight(random_values(conv_weight_count(s), seed)),
        input(random_values(s.n * s.c * s.h * s.w, seed + 1)),
        bias(random_values(s.k, seed + 2)),
        residual(random_values(output_count(), seed + 3)),
        bits(static_cast<size_t>((vector_count() + 31) / 32)) {
    std::mt19937 generator(seed);
    std::bernoulli_distribution keep(kept);
    for (int64_t i = 0; i < vector_count(); ++i)
      if (keep(generator)) {
        bits[static_cast<size_t>(i / 32)] |= 1u << (i % 32);
        ++vectors;
      }
  }

  int64_t positions() const { return shape.c / shape.groups * shape.r * shape.s; }
  int64_t group_blocks() const { return (shape.k / shape.groups + 15) / 16; }
  int64_t vector_count() const { return shape.groups * group_blocks() * positions(); }
  int64_t output_count() const {
    return shape.n * shape.k * conv_out_height(shape) * conv_out_width(shape);
  }

  // Whether position p of output k takes part.
  bool keeps(int64_t k, int64_t p) const {
    const int64_t outputs = shape.k / shape.groups;
    const int64_t block = k / outputs * group_blocks() + k % outputs / 16;
    return conv_keeps(bits.data(), block * positions() + p);
  }

  void expect_near(const std::vector<float>& output, const epilogue_choice& choice) const {
    const int64_t out_h = conv_out_height(shape), out_w = conv_out_width(shape);
    for (int64_t i = 0; i < output_count(); ++i) {
      const auto at = static_cast<size_t>(i);
      const int64_t x = i % out_w, y = i / out_w % out_h, k = i / (out_w * out_h) % shape.k;
      exact_sum sum;
      accumulate(i / (out_w * out_h * shape.k), k, y, x, &sum);
      if (choice.bias) sum.add(static_cast<double>(bias[static_cast<size_t>(k)]));
      if (choice.residual) sum.add(static_cast<double>(residual[at]));
      expect_activated(sum, choice.activation, output[at]);
      ASSERT_FALSE(::testing::Test::HasFatalFailure())
          << "output " << i << " (channel " << k << ", row " << y << ", column " << x << ") of ["
          << shape.n << ", " << shape.c << ", " << shape.h << ", " << shape.w << "] * [" << shape.k
          << ", " << shape.r << ", " << shape.s << "]";
    }
  }

  esp_conv2d_shape shape;
  std::vector<float> weight, input, bias, residual;
  std::vector<uint32_t> bits;
  int64_t vectors = 0;

 private:
  void accumulate(int64_t image, int64_t k, int64_t y, int64_t x, exact_sum* sum) const {
    const int64_t channels = shape.c / shape.groups, group = k / (shape.k / shape.groups);
    for (int64_t p = 0; p < positions(); ++p) {
      const int64_t c = p / (shape.r * shape.s), r = p / shape.s % shape.r, s = p % shape.s;
      const int64_t row = y * shape.stride_h + r * shape.dilation_h - shape.pad_top;
      const int64_t column = x * shape.stride_w + s * shape.dilation_w - shape.pad_left;
      if (!keeps(k, p) || row < 0 || row >= shape.h || column < 0 || column >= shape.w) continue;
      const int64_t channel = image * shape.c + group * channels + c;
      const int64_t at = (channel * shape.h + row) * shape.w + column;
      sum->add(static_cast<double>(weight[static_cast<size_t>(k * positions() + p)]) *
               static_cast<double>(input[static_cast<size_t>(at)]));
      ++sum->terms;
    }
  }
};

}  // namespace espalier::test
