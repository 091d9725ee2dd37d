// A convolution with live channels, with its expected result in double precision.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "base/conv_shape.h"
#include "base/epilogue.h"
#include "base/testing/conv_shapes.h"
#include "base/testing/values.h"
#include "espalier/kernels.h"

namespace espalier::test {

// The list of the channels that are live, its rest filled with garbage.
inline std::vector<int32_t> list_of(const std::vector<bool>& live) {
  std::vector<int32_t> list(1, 0);
  for (size_t c = 0; c < live.size(); ++c)
    if (live[c]) list.push_back(static_cast<int32_t>(c));
  list[0] = static_cast<int32_t>(list.size()) - 1;
  list.resize(live.size() + 1, -77);
  return list;
}

struct channels_test_problem {
  // `inputs`, `outputs`: the share of live channels.
  channels_test_problem(const esp_conv2d_shape& s, double inputs, double outputs, uint32_t seed)
      : shape(s),
        weight(random_values(conv_weight_count(s), seed)),
        input(random_values(s.n * s.c * s.h * s.w, seed + 1)),
        bias(random_values(s.k, seed + 2)),
        residual(random_values(output_count(), seed + 3)) {
    std::mt19937 generator(seed);
    std::bernoulli_distribution live_input(inputs), live_output(outputs);
    for (int64_t c = 0; c < s.c; ++c) inputs_live.push_back(live_input(generator));
    for (int64_t k = 0; k < s.k; ++k) outputs_live.push_back(live_output(generator));
  }

  int64_t positions() const { return shape.c / shape.groups * shape.r * shape.s; }
  int64_t output_count() const {
    return shape.n * shape.k * conv_out_height(shape) * conv_out_width(shape);
  }

  // Not-a-number and infinity wherever a masked channel is.
  void spoil_masked_channels() {
    const int64_t pixels = shape.h * shape.w, taps = shape.r * shape.s;
    const int64_t channels = shape.c / shape.groups;
    for (size_t i = 0; i < input.size(); ++i)
      if (!inputs_live[i / static_cast<size_t>(pixels) % inputs_live.size()])
        input[i] = i % 2 == 0 ? std::nanf("") : INFINITY;
    for (size_t i = 0; i < weight.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      const int64_t k = at / positions(), c = at / taps % channels;
      const int64_t input_channel = k / (shape.k / shape.groups) * channels + c;
      if (!outputs_live[static_cast<size_t>(k)] || !inputs_live[static_cast<size_t>(input_channel)])
        weight[i] = std::nanf("");
    }
  }

  // The bound that conv_channels.h states, grown by the steepest activation (hard swish, slope 3/2)
  // and by the roundings within an activation, with a floor for denormals.
  void expect_near(const std::vector<float>& output, bool with_bias, bool with_residual,
                   int32_t activation) const {
    const int64_t out_h = conv_out_height(shape), out_w = conv_out_width(shape);
    for (int64_t i = 0; i < output_count(); ++i) {
      const auto at = static_cast<size_t>(i);
      const int64_t x = i % out_w, y = i / out_w % out_h, k = i / (out_w * out_h) % shape.k;
      double sum = 0, magnitude = 0;
      const int64_t terms = accumulate(i / (out_w * out_h * shape.k), k, y, x, &sum, &magnitude);
      const double added[] = {with_bias ? static_cast<double>(bias[static_cast<size_t>(k)]) : 0.0,
                              with_residual ? static_cast<double>(residual[at]) : 0.0};
      for (double value : added) {
        sum += value;
        magnitude += std::fabs(value);
      }
      const double expected = activate(sum, activation), unit = float_epsilon / 2;
      const double slope = activation == ESP_ACTIVATION_NONE ? 1.0 : 1.5;
      const double tolerance =
          slope * static_cast<double>(terms + 8) * unit * magnitude +
          (activation == ESP_ACTIVATION_NONE ? 0 : 16) * unit * std::fabs(expected);
      ASSERT_NEAR(expected, output[at], tolerance + 1e-44)
          << "output " << i << " (channel " << k << ", row " << y << ", column " << x << ") of ["
          << shape.n << ", " << shape.c << ", " << shape.h << ", " << shape.w << "] * [" << shape.k
          << ", " << shape.r << ", " << shape.s << "] / " << shape.groups;
    }
  }

  esp_conv2d_shape shape;
  std::vector<float> weight, input, bias, residual;
  std::vector<bool> inputs_live, outputs_live;

 private:
  int64_t accumulate(int64_t image, int64_t k, int64_t y, int64_t x, double* sum,
                     double* magnitude) const {
    const int64_t channels = shape.c / shape.groups,
                  first = k / (shape.k / shape.groups) * channels;
    int64_t terms = 0;
    if (!outputs_live[static_cast<size_t>(k)]) return terms;
    for (int64_t p = 0; p < positions(); ++p) {
      const int64_t c = p / (shape.r * shape.s), r = p / shape.s % shape.r, s = p % shape.s;
      const int64_t row = y * shape.stride_h + r * shape.dilation_h - shape.pad_top;
      const int64_t column = x * shape.stride_w + s * shape.dilation_w - shape.pad_left;
      if (!inputs_live[static_cast<size_t>(first + c)]) continue;
      if (row < 0 || row >= shape.h || column < 0 || column >= shape.w) continue;
      const int64_t at = ((image * shape.c + first + c) * shape.h + row) * shape.w + column;
      const double term = static_cast<double>(weight[static_cast<size_t>(k * positions() + p)]) *
                          static_cast<double>(input[static_cast<size_t>(at)]);
      *sum += term;
      *magnitude += std::fabs(term);
      ++terms;
    }
    return terms;
  }
};

}  // namespace espalier::test
