#include <cmath>
#include <random>

#include "base/testing/kernel_test.h"
#include "kernels/conv/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv/kernels.inc"
};

class ConvTest : public KernelTest {
 protected:
  void check(const esp_conv2d_shape& shape, double kept) {
    check(conv_problem(shape, kept, seed_++), no_epilogue);
  }

  // Packs, convolves with every number of threads, and compares with double sums.
  void check(const conv_problem& problem, const epilogue_choice& choice) {
    std::vector<uint32_t> first_bits;
    for (int32_t threads : thread_counts()) {
      const std::vector<float> output = run(problem, choice, threads);
      if (HasFailure()) return;
      std::vector<uint32_t> bits;
      for (float v : output) bits.push_back(bits_of(v));
      if (first_bits.empty()) {
        first_bits = bits;
        problem.expect_near(output, choice);
      }
      ASSERT_EQ(first_bits, bits) << "depends on the number of threads: " << threads;
    }
  }

  std::vector<float> run(const conv_problem& problem, const epilogue_choice& choice,
                         int32_t threads) {
    const esp_target where = target(threads);
    const esp_conv2d_shape& shape = problem.shape;
    const int64_t nonzeros = problem.nonzeros;
    buffer<float> weight(backend(), problem.weight, 1), bias(backend(), problem.bias, 3);
    buffer<uint32_t> bits(backend(), problem.bits);
    const int64_t bytes = esp_conv2d_packed_bytes(&where, &shape, nonzeros);
    EXPECT_GE(bytes, 0) << esp_last_message();
    workspace packed(backend(), bytes);
    EXPECT_OK(esp_conv2d_pack(&where, &shape, weight.data(), bits.data(), nonzeros, packed.data(),
                              nullptr, nullptr));
    EXPECT_TRUE(packed.guards_intact());
    workspace scratch(backend(), esp_conv2d_workspace_bytes(&where, &shape, nonzeros));
    buffer<float> input(backend(), problem.input, problem.bits.size() % 2);
    buffer<float> residual(backend(), problem.residual, 2);
    const std::vector<float> before(static_cast<size_t>(problem.output_count()), -7.0f);
    buffer<float> output(backend(), choice.in_place ? problem.residual : before, 5);
    const esp_epilogue epilogue = {choice.bias ? bias.data() : nullptr,
                                   !choice.residual  ? nullptr
                                   : choice.in_place ? output.data()
                                                     : residual.data(),
                                   choice.activation};
    EXPECT_OK(esp_conv2d(&where, &shape, input.data(), packed.data(), nonzeros, &epilogue,
                         output.data(), scratch.data(), nullptr));
    output.fetch();
    EXPECT_TRUE(output.guards_intact() && scratch.guards_intact() && packed.guards_intact());
    return output.host();
  }

 private:
  uint32_t seed_ = 1;
};
INSTANTIATE_KERNEL_SUITE(ConvTest, conv2d);

TEST_P(ConvTest, ConvolvesMapsOfEverySize) {
  for (int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 28, 31, 32, 33, 56})
    for (int64_t n : {1, 3}) check(square(n, 5, size, 6, 3), 0.3);
}

TEST_P(ConvTest, TakesAnyKernelStridePaddingAndDilation) {
  for (int64_t kernel : {1, 2, 3, 5, 7})
    for (int64_t stride : {1, 2, 3})
      for (int64_t dilation : {1, 2, 3}) {
        esp_conv2d_shape s = square(2, 3, 19, 4, kernel);
        s.stride_h = s.stride_w = stride;
        s.dilation_h = s.dilation_w = dilation;
        check(s, 0.5);
      }
}

TEST_P(ConvTest, TakesUnequalAxes) {
  check({2, 4, 13, 40, 6, 2, 5, 3, 2, 0, 3, 2, 1, 2, 1, 1}, 0.4);
  check({1, 4, 40, 5, 6, 5, 1, 2, 1, 4, 0, 0, 0, 1, 3, 2}, 0.4);
  check({1, 2, 6, 100, 3, 1, 9, 1, 1, 0, 8, 0, 8, 1, 2, 1}, 0.4);
  check({3, 2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 3, 2, 1}, 0.4);
}

TEST_P(ConvTest, TakesLargeKernels) {
  if (is_cuda()) GTEST_SKIP() << "a halo tile must fit shared memory";
  check({1, 2, 100, 130, 2, 90, 120, 1, 1, 2, 3, 0, 1, 1, 1, 1}, 0.001);
  check({1, 1, 700, 3, 2, 650, 1, 3, 1, 5, 0, 5, 0, 1, 1, 1}, 0.2);
  check({1, 2, 120, 9, 3, 3, 3, 1, 1, 40, 2, 40, 2, 50, 2, 1}, 0.5);
}

TEST_P(ConvTest, ConvolvesGroupsAndDepthwise) {
  for (int64_t groups : {2, 3, 12}) {
    esp_conv2d_shape s = square(2, 12, 10, 24, 3);
    s.groups = groups;
    check(s, 0.5);
  }
}

TEST_P(ConvTest, ConvolvesPointwise) {
  for (int64_t size : {1, 3, 4, 7, 12, 16, 28, 29})
    for (int64_t n : {1, 5})
      for (int64_t outputs : {10, 11}) check(square(n, 33, size, outputs, 1), 0.4);
}

TEST_P(ConvTest, ConvolvesManyChannelsInBlocks) {
  check(square(2, 150, 8, 70, 3), 0.1);
  check(square(17, 70, 4, 40, 3), 0.2);
  check(square(1, 300, 16, 33, 3), 1.0);
  check(square(1, 515, 7, 9, 1), 0.1);
}

TEST_P(ConvTest, TakesAnyDensity) {
  for (double kept : {0.0, 0.01, 0.5, 1.0}) check(square(1, 9, 12, 11, 3), kept);
}

TEST_P(ConvTest, AppliesEveryEpilogue) {
  for (int32_t activation : activations)
    for (bool bias : {false, true})
      for (int residual : {0, 1, 2})
        for (int64_t kernel : {1, 3}) {
          conv_problem problem(square(3, 9, 9, 11, kernel), 0.4, 7);
          for (float& v : problem.residual) v *= 8.0f;
          check(problem, {bias, residual > 0, residual == 2, activation});
        }
}

TEST_P(ConvTest, PackedWeightsServeAnyBatch) {
  conv_problem large(square(9, 20, 6, 10, 3), 0.3, 5);
  const esp_target where = target();
  buffer<float> weight(backend(), large.weight), input(backend(), large.input);
  buffer<uint32_t> bits(backend(), large.bits);
  workspace packed(backend(), esp_conv2d_packed_bytes(&where, &large.shape, large.nonzeros));
  ASSERT_OK(esp_conv2d_pack(&where, &large.shape, weight.data(), bits.data(), large.nonzeros,
                            packed.data(), nullptr, nullptr));
  for (int64_t n : {0, 1, 2, 5, 9, 8}) {
    conv_problem part = large;
    part.shape.n = n;
    buffer<float> output(backend(),
                         std::vector<float>(static_cast<size_t>(part.output_count()), -7.0f));
    workspace scratch(backend(), esp_conv2d_workspace_bytes(&where, &part.shape, part.nonzeros));
    ASSERT_OK(esp_conv2d(&where, &part.shape, input.data(), packed.data(), part.nonzeros, nullptr,
                         output.data(), scratch.data(), nullptr));
    part.expect_near(output.fetch(), no_epilogue);
    ASSERT_TRUE(output.guards_intact());
  }
}

TEST_P(ConvTest, NeverReadsThroughAMaskedWeight) {
  conv_problem problem(square(2, 4, 9, 4, 3), 0.5, 3);
  for (size_t i = 0; i < problem.weight.size(); ++i)
    if (!problem.keeps(static_cast<int64_t>(i))) problem.weight[i] = std::nanf("");
  check(problem, no_epilogue);
  // A channel that no kept weight reads may hold anything.
  const int64_t taps = 9, channel = 2;
  for (int64_t k = 0; k < 4; ++k)
    for (int64_t t = 0; t < taps; ++t) problem.drop((k * 4 + channel) * taps + t);
  for (int64_t image = 0; image < 2; ++image)
    for (int64_t i = 0; i < 81; ++i)
      problem.input[static_cast<size_t>((image * 4 + channel) * 81 + i)] =
          i % 2 == 0 ? std::nanf("") : INFINITY;
  check(problem, {true, false, false, ESP_ACTIVATION_RELU});
}

TEST_P(ConvTest, KeepsNotANumberThroughActivations) {
  for (int32_t activation : activations) {
    conv_problem problem(square(1, 1, 17, 1, 1), 1.0, 3);
    problem.weight[0] = 1.0f;
    problem.input[5] = std::nanf("");
    problem.input[6] = -INFINITY;
    problem.input[7] = INFINITY;
    const std::vector<float> output = run(problem, {false, false, false, activation}, 1);
    EXPECT_TRUE(std::isnan(output[5]));
    if (activation == ESP_ACTIVATION_RELU) {
      EXPECT_EQ(0.0f, output[6]);
    }
    EXPECT_EQ(activation == ESP_ACTIVATION_RELU6 ? 6.0f : INFINITY, output[7]);
  }
}

TEST_P(ConvTest, ActivatesSumsFarFromZero) {
  const float sums[] = {-3e38f, -1e4f, -357.0f, -200.0f, -178.0f, -104.5f, -104.0f, -90.0f, -20.0f,
                        20.0f,  90.0f, 104.0f,  178.0f,  200.0f,  357.0f,  1e4f,    3e38f};
  for (int32_t activation : activations) {
    conv_problem problem(square(1, 1, 17, 1, 1), 1.0, 3);
    problem.weight[0] = 1.0f;
    std::copy(std::begin(sums), std::end(sums), problem.input.begin());
    const std::vector<float> output = run(problem, {false, false, false, activation}, 1);
    for (size_t i = 0; i < std::size(sums); ++i) {
      exact_sum sum;
      sum.add(sums[i]);
      expect_activated(sum, activation, output[i]);
    }
  }
}

TEST_P(ConvTest, SumsExtremeMagnitudes) {
  conv_problem problem(square(1, 6, 10, 5, 3), 0.5, 9);
  for (size_t i = 0; i < problem.input.size(); i += 3) problem.input[i] *= 1e18f;
  for (size_t i = 1; i < problem.input.size(); i += 3) problem.input[i] *= 1e-30f;
  check(problem, no_epilogue);
}

}  // namespace
}  // namespace espalier::test
