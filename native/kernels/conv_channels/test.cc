#include "base/testing/kernel_test.h"
#include "kernels/conv_channels/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv_channels/kernels.inc"
};

// ---- lists --------------------------------------------------------------------------------------

class ChannelListTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(ChannelListTest, channel_list);

TEST_P(ChannelListTest, ListsTheOnesOfAMask) {
  const esp_target where = target();
  std::mt19937 generator(1);
  for (int64_t channels : sizes_up_to(1025))
    for (int kept : {0, 1, 4}) {  // of four
      std::vector<bool> live;
      std::vector<uint32_t> words(static_cast<size_t>((channels + 31) / 32));
      for (int64_t c = 0; c < channels; ++c) {
        live.push_back(static_cast<int>(generator() % 4) < kept);
        if (live.back()) words[static_cast<size_t>(c / 32)] |= 1u << (c % 32);
      }
      buffer<uint32_t> bits(backend(), words);
      buffer<int32_t> list(backend(), std::vector<int32_t>(static_cast<size_t>(channels) + 1, -77));
      EXPECT_EQ(0, esp_channel_list_workspace_bytes(&where, channels));
      ASSERT_OK(esp_channel_list(&where, bits.data(), channels, list.data(), nullptr, nullptr));
      ASSERT_EQ(list_of(live), list.fetch()) << channels;
      ASSERT_TRUE(list.guards_intact());
    }
}

TEST_P(ChannelListTest, RefusesBadArgumentsByName) {
  const esp_target where = target();
  uint32_t bits[2] = {};
  int32_t list[9];
  const auto refusal = [&](const void* mask, int64_t channels, void* to) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_channel_list(&where, mask, channels, to, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  EXPECT_EQ("esp_channel_list: channels: expected 0 to 2147483647, got -1",
            refusal(bits, -1, list));
  EXPECT_EQ("esp_channel_list: bits: expected a mask, got NULL", refusal(nullptr, 8, list));
  EXPECT_EQ("esp_channel_list: list: expected a list, got NULL", refusal(bits, 8, nullptr));
  EXPECT_EQ(0u, refusal(bits, 8, reinterpret_cast<char*>(list) + 2)
                    .find("esp_channel_list: list: expected an address that is a multiple of 4"));
  EXPECT_EQ(-1, esp_channel_list_workspace_bytes(&where, -1));
}

// ---- convolution --------------------------------------------------------------------------------

struct epilogue_choice {
  bool bias, residual, in_place;  // in_place: the residual is the output
  int32_t activation;
};
constexpr epilogue_choice no_epilogue = {false, false, false, ESP_ACTIVATION_NONE};

class ConvChannelsTest : public KernelTest {
 protected:
  void check(const esp_conv2d_shape& shape, double inputs, double outputs) {
    channels_test_problem problem(shape, inputs, outputs, seed_++);
    problem.spoil_masked_channels();
    check(problem, no_epilogue);
  }

  void check(const channels_test_problem& problem, const epilogue_choice& choice) {
    const esp_target where = target();
    const esp_conv2d_shape& shape = problem.shape;
    buffer<float> weight(backend(), problem.weight, 1), bias(backend(), problem.bias, 3);
    buffer<float> input(backend(), problem.input, 1), residual(backend(), problem.residual, 2);
    buffer<int32_t> inputs(backend(), list_of(problem.inputs_live), 1);
    buffer<int32_t> outputs(backend(), list_of(problem.outputs_live), 1);
    const bool all_inputs = count(problem.inputs_live) == shape.c;
    const bool all_outputs = count(problem.outputs_live) == shape.k;
    const std::vector<float> before(static_cast<size_t>(problem.output_count()), -7.0f);
    buffer<float> output(backend(), choice.in_place ? problem.residual : before, 5);
    const esp_epilogue epilogue = {choice.bias ? bias.data() : nullptr,
                                   !choice.residual  ? nullptr
                                   : choice.in_place ? output.data()
                                                     : residual.data(),
                                   choice.activation};
    ASSERT_EQ(0, esp_conv2d_channels_workspace_bytes(&where, &shape));
    ASSERT_OK(esp_conv2d_channels(
        &where, &shape, input.data(), weight.data(), all_inputs ? nullptr : inputs.data(),
        all_outputs ? nullptr : outputs.data(), &epilogue, output.data(), nullptr, nullptr));
    problem.expect_near(output.fetch(), choice.bias, choice.residual, choice.activation);
    ASSERT_TRUE(output.guards_intact());
  }

  static int64_t count(const std::vector<bool>& live) {
    return std::count(live.begin(), live.end(), true);
  }

  uint32_t seed_ = 1;
};
INSTANTIATE_KERNEL_SUITE(ConvChannelsTest, conv2d_channels);

TEST_P(ConvChannelsTest, ConvolvesMapsOfEverySize) {
  for (int64_t size : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 33})
    for (int64_t n : {1, 3}) check(square(n, 6, size, 7, 3), 0.6, 0.6);
}

TEST_P(ConvChannelsTest, TakesAnyNumberOfLiveChannels) {
  for (double inputs : {0.0, 0.1, 0.5, 1.0})
    for (double outputs : {0.0, 0.1, 0.5, 1.0})
      for (int64_t k : {31, 32, 100}) check(square(1, 40, 5, k, 3), inputs, outputs);
}

TEST_P(ConvChannelsTest, TakesAnyKernelStridePaddingAndDilation) {
  for (int64_t kernel : {1, 2, 3, 5, 7})
    for (int64_t stride : {1, 2, 3})
      for (int64_t dilation : {1, 2, 3}) {
        esp_conv2d_shape s = square(1, 5, 19, 6, kernel);
        s.stride_h = s.stride_w = stride;
        s.dilation_h = s.dilation_w = dilation;
        check(s, 0.6, 0.6);
      }
  check(square(1, 3, 8, 5, 13), 0.7, 0.7);  // more taps than lie in shared memory at once
  check({2, 4, 13, 40, 6, 2, 5, 3, 2, 0, 3, 2, 1, 2, 1, 1}, 0.6, 0.6);
}

TEST_P(ConvChannelsTest, ConvolvesGroupsAndDepthwise) {
  for (int64_t groups : {2, 3, 12})
    for (int64_t k : {24, 120}) {
      esp_conv2d_shape s = square(2, 12, 6, k, 3);
      s.groups = groups;
      check(s, 0.5, 0.5);
    }
}

TEST_P(ConvChannelsTest, AppliesEveryEpilogueToMaskedOutputsToo) {
  for (int32_t activation = 0; activation <= ESP_ACTIVATION_HARD_SWISH; ++activation)
    for (bool bias : {false, true})
      for (int residual : {0, 1, 2}) {
        channels_test_problem problem(square(3, 5, 6, 35, 3), 0.5, 0.5, 7);
        problem.spoil_masked_channels();
        for (float& v : problem.residual) v *= 8.0f;
        check(problem, {bias, residual > 0, residual == 2, activation});
      }
}

TEST_P(ConvChannelsTest, TakesAnEmptyBatch) {
  const esp_target where = target();
  const esp_conv2d_shape shape = square(0, 5, 6, 7, 3);
  EXPECT_OK(esp_conv2d_channels(&where, &shape, nullptr, nullptr, nullptr, nullptr, nullptr,
                                nullptr, nullptr, nullptr));
}

TEST_P(ConvChannelsTest, RefusesBadArgumentsByName) {
  const esp_target where = target();
  esp_conv2d_shape shape = square(1, 4, 6, 7, 3);
  channels_test_problem problem(shape, 1.0, 1.0, 1);
  std::vector<float> output(problem.residual);
  const auto refusal = [&](const void* input, const void* weight, const void* inputs,
                           const void* outputs, int32_t activation, void* to) {
    const esp_epilogue epilogue = {nullptr, nullptr, activation};
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d_channels(&where, &shape, input, weight, inputs,
                                                        outputs, &epilogue, to, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  const float *input = problem.input.data(), *weight = problem.weight.data();
  const std::string name = "esp_conv2d_channels: ";
  EXPECT_EQ(name + "input: expected a tensor, got NULL",
            refusal(nullptr, weight, nullptr, nullptr, 0, output.data()));
  EXPECT_EQ(name + "weight: expected a tensor, got NULL",
            refusal(input, nullptr, nullptr, nullptr, 0, output.data()));
  EXPECT_EQ(name + "output: expected a tensor, got NULL",
            refusal(input, weight, nullptr, nullptr, 0, nullptr));
  EXPECT_EQ(name + "epilogue.activation: expected ESP_ACTIVATION_* (0 to 4), got 9",
            refusal(input, weight, nullptr, nullptr, 9, output.data()));
  const auto* off = reinterpret_cast<const char*>(input) + 1;
  EXPECT_EQ(0u, refusal(input, weight, off, nullptr, 0, output.data())
                    .find(name + "live_inputs: expected an address that is a multiple of 4"));
  EXPECT_EQ(0u, refusal(input, weight, nullptr, off, 0, output.data())
                    .find(name + "live_outputs: expected an address that is a multiple of 4"));
  shape.groups = 3;
  EXPECT_EQ(name + "shape.groups: expected a divisor of c = 4 and k = 7, got 3",
            refusal(input, weight, nullptr, nullptr, 0, output.data()));
  EXPECT_EQ(-1, esp_conv2d_channels_workspace_bytes(&where, &shape));
  if (is_cuda()) return;
  shape.groups = 1;
  for (const std::vector<int32_t>& list :
       {std::vector<int32_t>{2, 1, 1, 0, 0}, {2, 3, 1, 0, 0}, {1, 4, 0, 0, 0}, {1, -1, 0, 0, 0}}) {
    EXPECT_EQ(0u, refusal(input, weight, list.data(), nullptr, 0, output.data())
                      .find(name + "live_inputs: expected ascending channels below 4, got "));
  }
  const std::vector<int32_t> long_list = {8, 0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(name + "live_outputs: expected 0 to 7 channels, got 8",
            refusal(input, weight, nullptr, long_list.data(), 0, output.data()));
}

}  // namespace
}  // namespace espalier::test
