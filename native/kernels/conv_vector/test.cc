#include "base/testing/kernel_test.h"
#include "kernels/conv_vector/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv_vector/kernels.inc"
};

class ConvVectorTest : public KernelTest {
 protected:
  void check(const esp_conv2d_shape& shape, double kept) {
    check(vector_test_problem(shape, kept, seed_++), no_epilogue);
  }

  // Packs, convolves with every number of threads, and compares with double sums.
  void check(const vector_test_problem& problem, const epilogue_choice& choice) {
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

  std::vector<float> run(const vector_test_problem& problem, const epilogue_choice& choice,
                         int32_t threads) {
    const esp_target where = target(threads);
    const esp_conv2d_shape& shape = problem.shape;
    const int64_t vectors = problem.vectors;
    buffer<float> weight(backend(), problem.weight, 1), bias(backend(), problem.bias, 3);
    buffer<uint32_t> bits(backend(), problem.bits);
    const int64_t bytes = esp_conv2d_vector_packed_bytes(&where, &shape, vectors);
    EXPECT_GE(bytes, 0) << esp_last_message();
    workspace packed(backend(), bytes);
    const bool all = vectors == problem.vector_count();
    EXPECT_EQ(0, esp_conv2d_vector_pack_workspace_bytes(&where, &shape, vectors));
    EXPECT_OK(esp_conv2d_vector_pack(&where, &shape, weight.data(), all ? nullptr : bits.data(),
                                     vectors, packed.data(), nullptr, nullptr));
    EXPECT_TRUE(packed.guards_intact());
    workspace scratch(backend(), esp_conv2d_vector_workspace_bytes(&where, &shape, vectors));
    buffer<float> input(backend(), problem.input, 1), residual(backend(), problem.residual, 2);
    const std::vector<float> before(static_cast<size_t>(problem.output_count()), -7.0f);
    buffer<float> output(backend(), choice.in_place ? problem.residual : before, 5);
    const esp_epilogue epilogue = {choice.bias ? bias.data() : nullptr,
                                   !choice.residual  ? nullptr
                                   : choice.in_place ? output.data()
                                                     : residual.data(),
                                   choice.activation};
    EXPECT_OK(esp_conv2d_vector(&where, &shape, input.data(), packed.data(), vectors, &epilogue,
                                output.data(), scratch.data(), nullptr));
    output.fetch();
    EXPECT_TRUE(output.guards_intact() && scratch.guards_intact() && packed.guards_intact());
    return output.host();
  }

 private:
  uint32_t seed_ = 1;
};
INSTANTIATE_KERNEL_SUITE(ConvVectorTest, conv2d_vector);

TEST_P(ConvVectorTest, ConvolvesMapsOfEverySize) {
  for (int64_t size : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 28, 31, 32, 33, 56})
    for (int64_t n : {1, 3}) check(square(n, 5, size, 17, 3), 0.3);
}

TEST_P(ConvVectorTest, TakesAnyNumberOfOutputs) {
  for (int64_t k : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65})
    check(square(2, 7, 6, k, 3), 0.4);
}

TEST_P(ConvVectorTest, TakesAnyKernelStridePaddingAndDilation) {
  for (int64_t kernel : {1, 2, 3, 5, 7})
    for (int64_t stride : {1, 2, 3})
      for (int64_t dilation : {1, 2, 3}) {
        esp_conv2d_shape s = square(2, 3, 19, 18, kernel);
        s.stride_h = s.stride_w = stride;
        s.dilation_h = s.dilation_w = dilation;
        check(s, 0.5);
      }
}

TEST_P(ConvVectorTest, TakesUnequalAxes) {
  check({2, 4, 13, 40, 6, 2, 5, 3, 2, 0, 3, 2, 1, 2, 1, 1}, 0.4);
  check({1, 4, 40, 5, 36, 5, 1, 2, 1, 4, 0, 0, 0, 1, 3, 2}, 0.4);
  check({1, 2, 6, 100, 3, 1, 9, 1, 1, 0, 8, 0, 8, 1, 2, 1}, 0.4);
  check({1, 2, 6, 150, 17, 3, 3, 2, 2, 0, 0, 1, 20, 1, 1, 1}, 0.4);
  check({3, 2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 3, 2, 1}, 0.4);
}

TEST_P(ConvVectorTest, ConvolvesGroupsAndDepthwise) {
  for (int64_t groups : {2, 3, 12})
    for (int64_t k : {24, 60}) {
      esp_conv2d_shape s = square(2, 12, 10, k, 3);
      s.groups = groups;
      check(s, 0.5);
    }
}

TEST_P(ConvVectorTest, ConvolvesPointwise) {
  for (int64_t size : {1, 3, 4, 7, 12, 16, 28, 29})
    for (int64_t n : {1, 5})
      for (int64_t outputs : {10, 33}) check(square(n, 33, size, outputs, 1), 0.4);
}

TEST_P(ConvVectorTest, CutsLargeMapsIntoTiles) {
  check(square(1, 40, 70, 16, 3), 0.1);
  check(square(17, 200, 4, 40, 3), 0.1);
  check(square(2, 300, 16, 17, 3), 1.0);
  check(square(1, 515, 23, 9, 1), 0.1);
  check({1, 600, 5, 90, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0.02);
}

TEST_P(ConvVectorTest, TakesAnyDensity) {
  for (double kept : {0.0, 0.01, 0.5, 1.0}) check(square(1, 9, 12, 35, 3), kept);
}

TEST_P(ConvVectorTest, AppliesEveryEpilogue) {
  for (int32_t activation : activations)
    for (bool bias : {false, true})
      for (int residual : {0, 1, 2}) {
        vector_test_problem problem(square(3, 9, 9, 35, 3), 0.4, 7);
        for (float& v : problem.residual) v *= 8.0f;
        check(problem, {bias, residual > 0, residual == 2, activation});
      }
}

TEST_P(ConvVectorTest, KeepsNotANumberThroughActivations) {
  for (int32_t activation : activations) {
    vector_test_problem problem(square(1, 1, 17, 1, 1), 1.0, 3);
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

TEST_P(ConvVectorTest, SpreadsNotANumberAndInfinityToTheirOutputsOnly) {
  vector_test_problem problem(square(2, 5, 11, 20, 3), 0.4, 21);
  problem.input[37] = std::nanf("");
  problem.input[400] = INFINITY;
  problem.input[805] = -INFINITY;
  check(problem, no_epilogue);
}

TEST_P(ConvVectorTest, SumsExtremeMagnitudesAndDenormals) {
  vector_test_problem problem(square(1, 6, 10, 20, 3), 0.5, 9);
  for (size_t i = 0; i < problem.input.size(); i += 3) problem.input[i] *= 1e18f;
  for (size_t i = 1; i < problem.input.size(); i += 3) problem.input[i] *= 1e-41f;
  check(problem, no_epilogue);
  vector_test_problem tiny(square(1, 2, 9, 16, 3), 0.5, 9);
  for (float& v : tiny.input) v *= 1e-41f;
  for (float& v : tiny.weight) v = 1.0f;
  check(tiny, no_epilogue);
}

TEST_P(ConvVectorTest, NeverReadsADroppedWeightNorAnUnusedChannel) {
  vector_test_problem problem(square(2, 4, 9, 20, 3), 0.5, 3);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t p = 2 * 9; p < 3 * 9; ++p) {
      const int64_t i = b * problem.positions() + p;
      if (conv_keeps(problem.bits.data(), i)) --problem.vectors;
      problem.bits[static_cast<size_t>(i / 32)] &= ~(1u << (i % 32));
    }
  for (int64_t k = 0; k < 20; ++k)
    for (int64_t p = 0; p < problem.positions(); ++p)
      if (!problem.keeps(k, p))
        problem.weight[static_cast<size_t>(k * problem.positions() + p)] = std::nanf("");
  for (int64_t image = 0; image < 2; ++image)
    for (int64_t i = 0; i < 81; ++i)
      problem.input[static_cast<size_t>((image * 4 + 2) * 81 + i)] =
          i % 2 == 0 ? std::nanf("") : INFINITY;
  check(problem, {true, false, false, ESP_ACTIVATION_RELU});
}

TEST_P(ConvVectorTest, PackedWeightsServeAnyBatch) {
  vector_test_problem large(square(9, 20, 6, 40, 3), 0.3, 5);
  const esp_target where = target();
  buffer<float> weight(backend(), large.weight), input(backend(), large.input);
  buffer<uint32_t> bits(backend(), large.bits);
  workspace packed(backend(), esp_conv2d_vector_packed_bytes(&where, &large.shape, large.vectors));
  ASSERT_OK(esp_conv2d_vector_pack(&where, &large.shape, weight.data(), bits.data(), large.vectors,
                                   packed.data(), nullptr, nullptr));
  for (int64_t n : {0, 1, 2, 5, 9, 8}) {
    vector_test_problem part = large;
    part.shape.n = n;
    buffer<float> output(backend(),
                         std::vector<float>(static_cast<size_t>(part.output_count()), -7.0f));
    workspace scratch(backend(),
                      esp_conv2d_vector_workspace_bytes(&where, &part.shape, part.vectors));
    ASSERT_OK(esp_conv2d_vector(&where, &part.shape, input.data(), packed.data(), part.vectors,
                                nullptr, output.data(), scratch.data(), nullptr));
    part.expect_near(output.fetch(), no_epilogue);
    ASSERT_TRUE(output.guards_intact());
  }
}

}  // namespace
}  // namespace espalier::test
