// A masked convolution with its expected result in double precision.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/conv_shape.h"
#include "base/testing/conv_shapes.h"
#include "base/testing/epilogue.h"
#include "base/testing/values.h"
#include "espalier/kernels.h"

namespace espalier::test {

struct conv_problem {
  conv_problem(const esp_conv2d_shape& s, double kept, uint32_t seed)
      : shape(s),
        weight(random_values(conv_weight_count(s), seed)),
        input(random_values(s.n * s.c * s.h * s.w, seed + 1)),
        bias(random_values(s.k, seed + 2)),
        residual(random_values(output_count(), seed + 3)),
        bits(static_cast<size_t>((conv_weight_count(s) + 31) / 32)) {
    std::mt19937 generator(seed);
    std::bernoulli_distribution keep(kept);
    for (int64_t i = 0; i < conv_weight_count(s); ++i)
      if (keep(generator)) {
        bits[static_cast<size_t>(i / 32)] |= 1u << (i % 32);
        ++nonzeros;
      }
  }

  bool keeps(int64_t i) const { return conv_keeps(bits.data(), i); }

  void drop(int64_t i) {
    if (keeps(i)) --nonzeros;
    bits[static_cast<size_t>(i / 32)] &= ~(1u << (i % 32));
  }

  int64_t output_count() const {
    return shape.n * shape.k * conv_out_height(shape) * conv_out_width(shape);
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
  int64_t nonzeros = 0;

 private:
  void accumulate(int64_t image, int64_t k, int64_t y, int64_t x, exact_sum* sum) const {
    const int64_t channels = shape.c / shape.groups, group = k / (shape.k / shape.groups);
    int64_t index = k * channels * shape.r * shape.s;
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t r = 0; r < shape.r; ++r)
        for (int64_t s = 0; s < shape.s; ++s, ++index) {
          const int64_t row = y * shape.stride_h + r * shape.dilation_h - shape.pad_top;
          const int64_t column = x * shape.stride_w + s * shape.dilation_w - shape.pad_left;
          if (!keeps(index) || row < 0 || row >= shape.h || column < 0 || column >= shape.w)
            continue;
          const int64_t channel = image * shape.c + group * channels + c;
          const int64_t at = (channel * shape.h + row) * shape.w + column;
          sum->add(static_cast<double>(weight[static_cast<size_t>(index)]) *
                   static_cast<double>(input[static_cast<size_t>(at)]));
          ++sum->terms;
        }
  }
};

}  // namespace espalier::test
