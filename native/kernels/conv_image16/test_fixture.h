// Runs the kernels on problems and compares with double sums.
#pragma once

#include <cmath>
#include <vector>

#include "base/epilogue.h"
#include "base/testing/kernel_test.h"
#include "kernels/conv_image16/test_problem.h"

namespace espalier::test {

class Image16Test : public KernelTest {
 protected:
  image16_tensor pack(const esp_image16& extents, std::vector<float> values,
                      int32_t order = ESP_ORDER_NCHW) {
    const esp_target where = target();
    image16_tensor tensor(backend(), extents);
    buffer<float> images(backend(), std::move(values), 1);
    EXPECT_OK(
        esp_image16_pack(&where, &extents, order, images.data(), tensor.data(), nullptr, nullptr));
    EXPECT_TRUE(tensor.guards_intact());
    return tensor;
  }

  std::vector<float> unpack(image16_tensor& tensor, int32_t order = ESP_ORDER_NCHW) {
    const esp_target where = target();
    const esp_image16& e = tensor.extents();
    buffer<float> images(backend(),
                         std::vector<float>(static_cast<size_t>(e.n * e.c * e.h * e.w), -7.0f), 3);
    EXPECT_OK(
        esp_image16_unpack(&where, &e, order, tensor.data(), images.data(), nullptr, nullptr));
    EXPECT_TRUE(images.guards_intact());
    return images.fetch();
  }

  // Runs one direction on 1 and more threads: the bits agree, and the values with double sums.
  void check(const image16_case& problem, int32_t direction, const std::vector<float>& source,
             const std::vector<sum>& expected, const esp_epilogue& wanted = {}) {
    const esp_conv2d_image16_layout layout = problem.layout(direction, 1, 2);
    const esp_image16 from = problem.source(layout), to = problem.result(layout);
    const std::vector<float> bias = random_values(to.c, 77),
                             residual = random_values(to.n * to.c * to.h * to.w, 78);
    buffer<float> weight(backend(), problem.weight, 1), offset(backend(), bias, 3);
    buffer<uint32_t> bits(backend(), problem.bits);
    image16_tensor input = pack(from, source), more = pack(to, residual);
    std::vector<float> first;
    for (int32_t threads : thread_counts()) {
      const esp_target where = target(threads);
      workspace packed(backend(),
                       esp_conv2d_image16_packed_bytes(&where, &layout, problem.nonzeros));
      ASSERT_OK(esp_conv2d_image16_pack(&where, &layout, weight.data(), bits.data(),
                                        problem.nonzeros, packed.data(), nullptr, nullptr));
      workspace scratch(backend(),
                        esp_conv2d_image16_workspace_bytes(&where, &layout, problem.nonzeros));
      image16_tensor output(backend(), to);
      esp_epilogue epilogue = wanted;
      if (wanted.bias != nullptr) epilogue.bias = offset.data();
      if (wanted.residual != nullptr) epilogue.residual = more.data();
      ASSERT_OK(esp_conv2d_image16(&where, &layout, input.data(), packed.data(), problem.nonzeros,
                                   &epilogue, output.data(), scratch.data(), nullptr));
      ASSERT_TRUE(output.guards_intact() && scratch.guards_intact() && packed.guards_intact());
      ASSERT_TRUE(output.halo_is_zero());
      const std::vector<float> got = unpack(output);
      if (first.empty()) {
        first = got;
        for (size_t i = 0; i < got.size(); ++i) {
          sum s = expected[i];
          if (wanted.bias != nullptr)
            s.add(static_cast<double>(
                bias[i / static_cast<size_t>(to.h * to.w) % static_cast<size_t>(to.c)]));
          if (wanted.residual != nullptr) s.add(static_cast<double>(residual[i]));
          // No activation is steeper than 1.1; sigmoid and its exponential add a few roundings of
          // the value.
          const double activated = activate(s.value, wanted.activation);
          ASSERT_NEAR(activated, static_cast<double>(got[i]),
                      1.1 * s.tolerance() + 16 * float_epsilon * std::fabs(activated))
              << "result " << i;
        }
      }
      ASSERT_EQ(bits_of(first), bits_of(got)) << "depends on the number of threads: " << threads;
    }
  }

  static std::vector<uint32_t> bits_of(const std::vector<float>& values) {
    std::vector<uint32_t> all;
    for (float v : values) all.push_back(test::bits_of(v));
    return all;
  }

  void check_all(const esp_conv2d_shape& shape, double kept) {
    const image16_case problem(shape, kept, seed_++);
    check(problem, ESP_DIRECTION_FORWARD, problem.input, problem.forward());
    check(problem, ESP_DIRECTION_INPUT_GRADIENT, problem.output_gradient, problem.input_gradient());
    check_weight_gradient(problem);
  }

  void check_weight_gradient(const image16_case& problem) {
    const esp_conv2d_image16_layout layout = problem.layout(ESP_DIRECTION_FORWARD, 0, 1);
    buffer<float> weight(backend(), problem.weight);
    buffer<uint32_t> bits(backend(), problem.bits);
    image16_tensor input = pack(problem.source(layout), problem.input),
                   upstream = pack(problem.result(layout), problem.output_gradient);
    const std::vector<sum> expected = problem.weight_gradient();
    std::vector<float> first;
    for (int32_t threads : thread_counts()) {
      const esp_target where = target(threads);
      workspace packed(backend(),
                       esp_conv2d_image16_packed_bytes(&where, &layout, problem.nonzeros));
      ASSERT_OK(esp_conv2d_image16_pack(&where, &layout, weight.data(), bits.data(),
                                        problem.nonzeros, packed.data(), nullptr, nullptr));
      workspace scratch(backend(), esp_conv2d_image16_weight_gradient_workspace_bytes(
                                       &where, &layout, problem.nonzeros));
      buffer<float> gradient(backend(), std::vector<float>(problem.weight.size(), -7.0f), 1);
      ASSERT_OK(esp_conv2d_image16_weight_gradient(&where, &layout, input.data(), upstream.data(),
                                                   packed.data(), bits.data(), problem.nonzeros,
                                                   gradient.data(), scratch.data(), nullptr));
      ASSERT_TRUE(gradient.guards_intact() && scratch.guards_intact());
      const std::vector<float>& got = gradient.fetch();
      if (first.empty()) {
        first = got;
        for (size_t i = 0; i < got.size(); ++i)
          ASSERT_NEAR(expected[i].value, static_cast<double>(got[i]), expected[i].tolerance())
              << "weight " << i;
      }
      ASSERT_EQ(bits_of(first), bits_of(got)) << "depends on the number of threads: " << threads;
    }
  }

  uint32_t seed_ = 1;
};

}  // namespace espalier::test
