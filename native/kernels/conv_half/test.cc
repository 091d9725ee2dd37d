#include "base/testing/kernel_test.h"
#include "kernels/conv_half/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv_half/kernels.inc"
};

constexpr int32_t activations[] = {ESP_ACTIVATION_NONE, ESP_ACTIVATION_RELU, ESP_ACTIVATION_RELU6,
                                   ESP_ACTIVATION_SILU, ESP_ACTIVATION_HARD_SWISH};

struct epilogue_choice {
  bool bias, residual, in_place;  // in_place: the residual is the output
  int32_t activation;
};
constexpr epilogue_choice no_epilogue = {false, false, false, ESP_ACTIVATION_NONE};

class ConvHalfTest : public KernelTest {
 protected:
  // The forms take turns, from the one that was not used last.
  void check(const esp_conv2d_shape& shape, double kept) {
    for (;;) {
      const half_form& form = half_forms[seed_ % 6];
      if (form.pattern == ESP_PATTERN_VECTOR || shape.c / shape.groups % 4 == 0)
        return check(half_test_problem(shape, form, kept, seed_++), no_epilogue);
      ++seed_;
    }
  }
  void check_all_forms(const esp_conv2d_shape& shape, double kept) {
    for (const half_form& form : half_forms)
      check(half_test_problem(shape, form, kept, seed_++), no_epilogue);
  }
  // Packs, convolves and compares with double sums.
  void check(const half_test_problem& problem, const epilogue_choice& choice) {
    const std::vector<uint16_t> output = run(problem, choice, 0);
    if (HasFailure()) return;
    problem.expect_near(output, choice.bias, choice.residual, choice.activation);
  }

  // The tensors lie `offset` elements past a multiple of 256 bytes.
  std::vector<uint16_t> run(const half_test_problem& problem, const epilogue_choice& choice,
                            int64_t offset) {
    const esp_target where = target();
    const esp_conv2d_half_layout& layout = problem.layout;
    const int64_t vectors = problem.vectors;
    buffer<float> weight(backend(), problem.weight, 1), bias(backend(), problem.bias, 3);
    buffer<uint32_t> bits(backend(), problem.bits);
    const int64_t bytes = esp_conv2d_half_packed_bytes(&where, &layout, vectors);
    EXPECT_GE(bytes, 0) << esp_last_message();
    workspace packed(backend(), bytes);
    const bool all = problem.vectors_pattern() && vectors == problem.bit_count();
    EXPECT_EQ(0, esp_conv2d_half_pack_workspace_bytes(&where, &layout, vectors));
    EXPECT_OK(esp_conv2d_half_pack(&where, &layout, weight.data(), all ? nullptr : bits.data(),
                                   vectors, packed.data(), nullptr, nullptr));
    EXPECT_TRUE(packed.guards_intact());
    EXPECT_EQ(0, esp_conv2d_half_workspace_bytes(&where, &layout, vectors));
    buffer<uint16_t> input(backend(), problem.input, offset);
    buffer<uint16_t> residual(backend(), problem.residual, offset);
    const std::vector<uint16_t> before(static_cast<size_t>(problem.output_count()), 0x7e55);
    buffer<uint16_t> output(backend(), choice.in_place ? problem.residual : before, offset);
    const esp_epilogue epilogue = {choice.bias ? bias.data() : nullptr,
                                   !choice.residual  ? nullptr
                                   : choice.in_place ? output.data()
                                                     : residual.data(),
                                   choice.activation};
    EXPECT_OK(esp_conv2d_half(&where, &layout, input.data(), packed.data(), vectors, &epilogue,
                              output.data(), nullptr, nullptr));
    output.fetch();
    EXPECT_TRUE(output.guards_intact() && packed.guards_intact() && input.guards_intact());
    return output.host();
  }

  uint32_t seed_ = 1;
};
INSTANTIATE_KERNEL_SUITE(ConvHalfTest, conv2d_half);

TEST_P(ConvHalfTest, ConvolvesInEveryForm) {
  check_all_forms(square(2, 36, 5, 68, 3), 0.3);
  check_all_forms(square(1, 72, 6, 20, 1), 0.3);
}

TEST_P(ConvHalfTest, ConvolvesMapsOfEverySize) {
  for (int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 14, 16, 17, 33})
    for (int64_t n : {1, 3}) check(square(n, 8, size, 17, 3), 0.3);
}

TEST_P(ConvHalfTest, TakesAnyNumberOfOutputsAndChannels) {
  for (int64_t k : {1, 7, 16, 17, 33, 63, 64, 65, 129, 150}) check(square(1, 8, 4, k, 3), 0.4);
  for (int64_t c : {1, 2, 3, 4, 7, 8, 12, 16, 31, 32, 33, 36, 64, 65, 100})
    check(square(1, c, 5, 9, 3), 0.4);
}

TEST_P(ConvHalfTest, TakesAnyKernelStridePaddingAndDilation) {
  for (int64_t kernel : {1, 2, 3, 5})
    for (int64_t stride : {1, 2, 3})
      for (int64_t dilation : {1, 2, 3}) {
        esp_conv2d_shape s = square(1, 8, 13, 10, kernel);
        s.stride_h = s.stride_w = stride;
        s.dilation_h = s.dilation_w = dilation;
        check(s, 0.5);
      }
}

TEST_P(ConvHalfTest, TakesUnequalAxes) {
  check({2, 4, 13, 40, 6, 2, 5, 3, 2, 0, 3, 2, 1, 2, 1, 1}, 0.4);
  check({1, 8, 40, 5, 36, 5, 1, 2, 1, 4, 0, 0, 0, 1, 3, 2}, 0.4);
  check({1, 4, 6, 60, 3, 1, 9, 1, 1, 0, 8, 0, 8, 1, 2, 1}, 0.4);
  check({3, 4, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 3, 2, 1}, 0.4);
}

TEST_P(ConvHalfTest, ConvolvesGroupsAndDepthwise) {
  for (int64_t groups : {2, 3, 24})
    for (int64_t k : {24, 72}) {
      esp_conv2d_shape s = square(2, 24, 5, k, 3);
      s.groups = groups;
      check(s, 0.5);
    }
}

TEST_P(ConvHalfTest, ConvolvesPointwise) {
  for (int64_t size : {1, 3, 7, 12})
    for (int64_t n : {1, 5}) check(square(n, 132, size, 33, 1), 0.4);
  esp_conv2d_shape strided = square(2, 12, 9, 20, 1);
  strided.stride_h = strided.stride_w = 2;
  check(strided, 0.4);
}

TEST_P(ConvHalfTest, TakesManyChunksOfChannels) {
  check_all_forms(square(1, 136, 4, 18, 3), 0.2);
  // A wide halo leaves room for one stage.
  check_all_forms({1, 72, 9, 9, 18, 5, 5, 1, 1, 6, 6, 6, 6, 3, 3, 1}, 0.2);
}

TEST_P(ConvHalfTest, TakesAnyDensity) {
  for (double kept : {0.0, 0.02, 0.5, 1.0}) check_all_forms(square(1, 12, 4, 19, 3), kept);
}

TEST_P(ConvHalfTest, TakesTensorsThatAreNotAligned) {
  constexpr epilogue_choice all = {true, true, false, ESP_ACTIVATION_RELU};
  for (const half_form& form : half_forms) {
    const half_test_problem problem(square(1, 16, 5, 24, 3), form, 0.4, seed_++);
    const std::vector<uint16_t> output = run(problem, all, 0);
    problem.expect_near(output, true, true, ESP_ACTIVATION_RELU);
    EXPECT_EQ(output, run(problem, all, 3));
  }
}

TEST_P(ConvHalfTest, AppliesEveryEpilogue) {
  for (int32_t activation : activations)
    for (bool bias : {false, true})
      for (int residual : {0, 1, 2}) {
        half_test_problem problem(square(2, 8, 5, bias ? 35 : 40, 3), half_forms[seed_++ % 6], 0.4,
                                  7);
        for (uint16_t& v : problem.residual) v = problem.narrow(problem.widen(v) * 8.0f);
        check(problem, {bias, residual > 0, residual == 2, activation});
      }
}

TEST_P(ConvHalfTest, KeepsNotANumberThroughActivations) {
  for (int32_t activation : activations)
    for (const half_form& form : half_forms) {
      half_test_problem problem(square(1, 4, 5, 1, 1), form, 0.0, 3);
      problem.bits[0] = 1;  // the first channel
      problem.count_vectors();
      problem.weight[0] = 1.0f;
      problem.input[4 * 5] = problem.narrow(std::nanf(""));
      problem.input[4 * 6] = problem.narrow(-INFINITY);
      problem.input[4 * 7] = problem.narrow(INFINITY);
      const std::vector<uint16_t> output = run(problem, {false, false, false, activation}, 0);
      EXPECT_TRUE(std::isnan(problem.widen(output[5])));
      if (activation == ESP_ACTIVATION_RELU) {
        EXPECT_EQ(0.0f, problem.widen(output[6]));
      }
      EXPECT_EQ(activation == ESP_ACTIVATION_RELU6 ? 6.0f : INFINITY, problem.widen(output[7]));
    }
}

TEST_P(ConvHalfTest, SumsLargeAndSmallMagnitudes) {
  for (const half_form& form : half_forms) {
    half_test_problem problem(square(1, 8, 6, 20, 3), form, 0.5, 9);
    for (size_t i = 0; i < problem.input.size(); i += 3)
      problem.input[i] = problem.narrow(problem.widen(problem.input[i]) * 3e4f);
    for (size_t i = 1; i < problem.input.size(); i += 3)
      problem.input[i] = problem.narrow(problem.widen(problem.input[i]) * 0x1p-20f);
    for (float& v : problem.weight) v *= 0.1f;
    check(problem, no_epilogue);
  }
}

TEST_P(ConvHalfTest, NeverReadsADroppedVectorNorAnUnusedChannel) {
  for (const half_form& form : half_forms) {
    if (form.pattern != ESP_PATTERN_VECTOR) continue;
    half_test_problem problem(square(2, 16, 6, 40, 3), form, 0.5, 3);
    const int64_t channel = 5;
    for (int64_t b = 0; b < problem.bit_count(); ++b)
      if (b % problem.positions() / 9 == channel) problem.drop(b);
    problem.count_vectors();
    for (int64_t k = 0; k < 40; ++k)
      for (int64_t p = 0; p < problem.positions(); ++p)
        if (!problem.keeps(k, p))
          problem.weight[static_cast<size_t>(k * problem.positions() + p)] = std::nanf("");
    for (size_t i = channel; i < problem.input.size(); i += 16)
      problem.input[i] = problem.narrow(i % 2 == 0 ? std::nanf("") : INFINITY);
    check(problem, {true, false, false, ESP_ACTIVATION_RELU});
  }
}

// Without bits 2:4 keeps what is largest: the same result as with bits that say so.
TEST_P(ConvHalfTest, ChoosesTheTwoLargestOfFour) {
  for (int32_t dtype : {ESP_DTYPE_F16, ESP_DTYPE_BF16}) {
    half_test_problem problem(square(1, 36, 4, 70, 3), {dtype, ESP_PATTERN_TWO_OF_FOUR, 0}, 0.0, 8);
    for (size_t i = 0; i < problem.weight.size(); i += 5) problem.weight[i] = 0.5f;  // ties
    for (int64_t i = 0; i < problem.bit_count(); ++i) {
      const int64_t own = i / 9 % 4, first = i - own * 9;
      int larger = 0;
      for (int64_t n = 0; n < 4; ++n) {
        const float other = std::fabs(problem.weight[static_cast<size_t>(first + n * 9)]);
        const float mine = std::fabs(problem.weight[static_cast<size_t>(i)]);
        larger += other > mine || (other == mine && n < own) ? 1 : 0;
      }
      if (larger < 2) problem.bits[static_cast<size_t>(i / 32)] |= 1u << (i % 32);
    }
    const std::vector<uint16_t> chosen = run(problem, no_epilogue, 0);
    problem.expect_near(chosen, false, false, ESP_ACTIVATION_NONE);
    const esp_target where = target();
    buffer<float> weight(backend(), problem.weight);
    buffer<uint16_t> input(backend(), problem.input);
    buffer<uint16_t> output(backend(), std::vector<uint16_t>(chosen.size(), 0x7e55));
    workspace packed(backend(), esp_conv2d_half_packed_bytes(&where, &problem.layout, 0));
    ASSERT_OK(esp_conv2d_half_pack(&where, &problem.layout, weight.data(), nullptr, 0,
                                   packed.data(), nullptr, nullptr));
    ASSERT_OK(esp_conv2d_half(&where, &problem.layout, input.data(), packed.data(), 0, nullptr,
                              output.data(), nullptr, nullptr));
    EXPECT_EQ(chosen, output.fetch());
  }
}

TEST_P(ConvHalfTest, PackedWeightsServeAnyBatch) {
  for (const half_form& form : half_forms) {
    const half_test_problem large(square(9, 16, 4, 40, 3), form, 0.3, 5);
    const esp_target where = target();
    buffer<float> weight(backend(), large.weight);
    buffer<uint16_t> input(backend(), large.input);
    buffer<uint32_t> bits(backend(), large.bits);
    workspace packed(backend(), esp_conv2d_half_packed_bytes(&where, &large.layout, large.vectors));
    ASSERT_OK(esp_conv2d_half_pack(&where, &large.layout, weight.data(), bits.data(), large.vectors,
                                   packed.data(), nullptr, nullptr));
    for (int64_t n : {0, 1, 2, 5, 9, 8}) {
      half_test_problem part = large;
      part.layout.shape.n = n;
      buffer<uint16_t> output(
          backend(), std::vector<uint16_t>(static_cast<size_t>(part.output_count()), 0x7e55));
      ASSERT_OK(esp_conv2d_half(&where, &part.layout, input.data(), packed.data(), part.vectors,
                                nullptr, output.data(), nullptr, nullptr));
      part.expect_near(output.fetch(), false, false, ESP_ACTIVATION_NONE);
      ASSERT_TRUE(output.guards_intact());
    }
  }
}

}  // namespace
}  // namespace espalier::test
