// Convolutions and gradients of NCHW tensors in double precision, and tensors in the image16
// layout.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "base/conv_shape.h"
#include "base/testing/conv_shapes.h"
#include "base/testing/memory.h"
#include "base/testing/values.h"
#include "espalier/kernels.h"

namespace espalier::test {

// A sum with the bound that conv_image16.h states, and a floor for denormals.
struct sum {
  double value = 0, magnitude = 0;
  int64_t terms = 0;

  void add(double term) {
    value += term;
    magnitude += std::fabs(term);
    ++terms;
  }
  double tolerance() const {
    return static_cast<double>(terms + 8) * float_epsilon / 2 * magnitude + 1e-44;
  }
};

// Memory of a tensor, filled with values that are none of it.
class image16_tensor {
 public:
  image16_tensor(int32_t backend, const esp_image16& extents)
      : extents_(extents),
        memory_(std::make_unique<workspace>(backend, esp_image16_bytes(&extents))) {}

  const esp_image16& extents() const { return extents_; }
  void* data() { return memory_->data(); }
  bool guards_intact() const { return memory_->guards_intact(); }

  bool halo_is_zero() {
    const esp_image16& e = extents_;
    const int64_t row = e.w + 2 * e.halo_w, rows = e.h + 2 * e.halo_h, plane = (rows * row) | 1;
    const float* const values = static_cast<const float*>(memory_->data());
    for (int64_t p = 0; p < (e.n + 15) / 16 * e.c; ++p)
      for (int64_t line = 0; line < rows * row; ++line) {
        const int64_t y = line / row - e.halo_h, x = line % row - e.halo_w;
        if (y >= 0 && y < e.h && x >= 0 && x < e.w) continue;
        for (int64_t i = 0; i < 16; ++i)
          if (values[(p * plane + line) * 16 + i] != 0) return false;
      }
    return true;
  }

 private:
  esp_image16 extents_;
  std::unique_ptr<workspace> memory_;
};

struct image16_case {
  image16_case(const esp_conv2d_shape& s, double kept, uint32_t seed)
      : shape(s),
        weight(random_values(conv_weight_count(s), seed)),
        input(random_values(s.n * s.c * s.h * s.w, seed + 1)),
        output_gradient(
            random_values(s.n * s.k * conv_out_height(s) * conv_out_width(s), seed + 2)),
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

  // With the least source halo and `more`, and a result halo of `result` rows and columns.
  esp_conv2d_image16_layout layout(int32_t direction, int64_t more, int64_t result) const {
    esp_conv2d_image16_layout l = {shape, 0, 0, result, result, direction};
    EXPECT_EQ(ESP_OK,
              esp_conv2d_image16_halo(&shape, direction, &l.source_halo_h, &l.source_halo_w))
        << esp_last_message();
    l.source_halo_h += more;
    l.source_halo_w += more;
    return l;
  }

  esp_image16 source(const esp_conv2d_image16_layout& l) const {
    return l.direction == ESP_DIRECTION_FORWARD ? in(l.source_halo_h, l.source_halo_w)
                                                : out(l.source_halo_h, l.source_halo_w);
  }
  esp_image16 result(const esp_conv2d_image16_layout& l) const {
    return l.direction == ESP_DIRECTION_FORWARD ? out(l.result_halo_h, l.result_halo_w)
                                                : in(l.result_halo_h, l.result_halo_w);
  }

  std::vector<sum> forward() const {
    std::vector<sum> sums(output_gradient.size());
    for_each_product([&](size_t out, size_t in, size_t w) {
      sums[out].add(static_cast<double>(weight[w]) * static_cast<double>(input[in]));
    });
    return sums;
  }
  std::vector<sum> input_gradient() const {
    std::vector<sum> sums(input.size());
    for_each_product([&](size_t out, size_t in, size_t w) {
      sums[in].add(static_cast<double>(weight[w]) * static_cast<double>(output_gradient[out]));
    });
    return sums;
  }
  std::vector<sum> weight_gradient() const {
    std::vector<sum> sums(weight.size());
    for_each_product([&](size_t out, size_t in, size_t w) {
      sums[w].add(static_cast<double>(input[in]) * static_cast<double>(output_gradient[out]));
    });
    return sums;
  }

  esp_conv2d_shape shape;
  std::vector<float> weight, input, output_gradient;
  std::vector<uint32_t> bits;
  int64_t nonzeros = 0;

 private:
  esp_image16 in(int64_t halo_h, int64_t halo_w) const {
    return {shape.n, shape.c, shape.h, shape.w, halo_h, halo_w};
  }
  esp_image16 out(int64_t halo_h, int64_t halo_w) const {
    return {shape.n, shape.k, conv_out_height(shape), conv_out_width(shape), halo_h, halo_w};
  }

  // body(output, input, weight) for every product of a kept weight, as indices.
  template <class Body>
  void for_each_product(Body&& body) const {
    const esp_conv2d_shape& t = shape;
    const int64_t out_h = conv_out_height(t), out_w = conv_out_width(t), channels = t.c / t.groups;
    for (int64_t image = 0; image < t.n; ++image)
      for (int64_t k = 0; k < t.k; ++k)
        for (int64_t y = 0; y < out_h; ++y)
          for (int64_t x = 0; x < out_w; ++x)
            for (int64_t c = 0; c < channels; ++c)
              for (int64_t r = 0; r < t.r; ++r)
                for (int64_t q = 0; q < t.s; ++q) {
                  const int64_t w = ((k * channels + c) * t.r + r) * t.s + q;
                  const int64_t row = y * t.stride_h + r * t.dilation_h - t.pad_top;
                  const int64_t column = x * t.stride_w + q * t.dilation_w - t.pad_left;
                  if (!keeps(w) || row < 0 || row >= t.h || column < 0 || column >= t.w) continue;
                  const int64_t channel = image * t.c + k / (t.k / t.groups) * channels + c;
                  body(static_cast<size_t>(((image * t.k + k) * out_h + y) * out_w + x),
                       static_cast<size_t>((channel * t.h + row) * t.w + column),
                       static_cast<size_t>(w));
                }
  }
};

}  // namespace espalier::test
