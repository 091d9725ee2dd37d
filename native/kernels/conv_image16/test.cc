#include <cmath>
#include <random>
#include <string>

#include "base/testing/kernel_test.h"
#include "kernels/conv_image16/test_fixture.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv_image16/kernels.inc"
};

INSTANTIATE_KERNEL_SUITE(Image16Test, conv2d_image16);

std::vector<float> channels_last(const esp_image16& e, const std::vector<float>& nchw) {
  std::vector<float> nhwc;
  for (int64_t n = 0; n < e.n; ++n)
    for (int64_t pixel = 0; pixel < e.h * e.w; ++pixel)
      for (int64_t c = 0; c < e.c; ++c)
        nhwc.push_back(nchw[static_cast<size_t>((n * e.c + c) * e.h * e.w + pixel)]);
  return nhwc;
}

TEST_P(Image16Test, ConvertsThereAndBackInBothOrders) {
  for (int64_t n : {1, 15, 16, 17, 33})
    for (int64_t c : {1, 3, 4, 10})
      for (int64_t halo : {0, 1, 3}) {
        const esp_image16 e = {n, c, 5, 7, halo, 2 * halo};
        const std::vector<float> values = rough_values(n * c * 5 * 7, 5);
        const std::vector<float> last = channels_last(e, values);
        image16_tensor tensor = pack(e, values), same = pack(e, last, ESP_ORDER_NHWC);
        for (image16_tensor* t : {&tensor, &same}) {
          EXPECT_EQ(bits_of(values), bits_of(unpack(*t)));
          EXPECT_EQ(bits_of(last), bits_of(unpack(*t, ESP_ORDER_NHWC)));
          EXPECT_TRUE(t->halo_is_zero());
        }
      }
}

TEST_P(Image16Test, TakesMapsOfEverySize) {
  for (int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 19})
    check_all(square(3, 5, size, 6, 3), 0.3);
  for (int64_t n : {1, 16, 17}) check_all(square(n, 3, 6, 4, 3), 0.4);
}

TEST_P(Image16Test, TakesAnyKernelStridePaddingAndDilation) {
  for (int64_t kernel : {1, 2, 3, 5})
    for (int64_t stride : {1, 2, 3})
      for (int64_t dilation : {1, 2}) {
        esp_conv2d_shape s = square(2, 3, 11, 4, kernel);
        s.stride_h = s.stride_w = stride;
        s.dilation_h = s.dilation_w = dilation;
        check_all(s, 0.5);
      }
}

TEST_P(Image16Test, TakesUnequalAxes) {
  check_all({2, 4, 9, 20, 6, 2, 5, 3, 2, 0, 3, 2, 1, 2, 1, 1}, 0.4);
  check_all({1, 4, 20, 5, 6, 5, 1, 2, 1, 4, 0, 0, 0, 1, 3, 2}, 0.4);
  check_all({3, 2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 3, 2, 1}, 0.4);
  check_all({1, 2, 3, 3, 3, 1, 1, 1, 1, 2, 1, 0, 3, 1, 1, 1}, 0.7);
}

TEST_P(Image16Test, TakesGroupsAndDepthwise) {
  for (int64_t groups : {2, 3, 12}) {
    esp_conv2d_shape s = square(2, 12, 7, 24, 3);
    s.groups = groups;
    check_all(s, 0.5);
  }
}

TEST_P(Image16Test, TakesManyChannelsInSlabs) {
  check_all(square(2, 90, 5, 40, 3), 0.1);
  check_all(square(1, 300, 4, 33, 3), 0.5);
  check_all(square(1, 515, 3, 9, 1), 0.1);
}

TEST_P(Image16Test, TakesAnyDensity) {
  for (double kept : {0.0, 0.01, 1.0}) check_all(square(2, 9, 8, 11, 3), kept);
}

TEST_P(Image16Test, FinishesSums) {
  const image16_case problem(square(3, 9, 8, 11, 3), 0.3, 5);
  const float some = 0;
  for (int32_t activation = ESP_ACTIVATION_NONE; activation <= ESP_ACTIVATION_HARD_SWISH;
       ++activation)
    for (const void* bias : {static_cast<const void*>(nullptr), static_cast<const void*>(&some)})
      for (const void* residual :
           {static_cast<const void*>(nullptr), static_cast<const void*>(&some)})
        check(problem, ESP_DIRECTION_FORWARD, problem.input, problem.forward(),
              {bias, residual, activation});
}

TEST_P(Image16Test, AddsToTheResidualInPlace) {
  const image16_case problem(square(2, 4, 6, 4, 3), 0.5, 3);
  const esp_conv2d_image16_layout layout = problem.layout(ESP_DIRECTION_FORWARD, 0, 0);
  const esp_target where = target();
  image16_tensor input = pack(problem.source(layout), problem.input),
                 output = pack(problem.result(layout), problem.output_gradient);
  workspace packed(backend(), esp_conv2d_image16_packed_bytes(&where, &layout, problem.nonzeros));
  ASSERT_OK(esp_conv2d_image16_pack(&where, &layout, problem.weight.data(), problem.bits.data(),
                                    problem.nonzeros, packed.data(), nullptr, nullptr));
  workspace scratch(backend(),
                    esp_conv2d_image16_workspace_bytes(&where, &layout, problem.nonzeros));
  const esp_epilogue epilogue = {nullptr, output.data(), ESP_ACTIVATION_NONE};
  ASSERT_OK(esp_conv2d_image16(&where, &layout, input.data(), packed.data(), problem.nonzeros,
                               &epilogue, output.data(), scratch.data(), nullptr));
  const std::vector<float> got = unpack(output);
  const std::vector<sum> expected = problem.forward();
  for (size_t i = 0; i < got.size(); ++i) {
    sum s = expected[i];
    s.add(static_cast<double>(problem.output_gradient[i]));
    ASSERT_NEAR(s.value, static_cast<double>(got[i]), s.tolerance());
  }
}

TEST_P(Image16Test, NeverReadsThroughAMaskedWeight) {
  image16_case problem(square(2, 4, 9, 4, 3), 0.5, 3);
  for (size_t i = 0; i < problem.weight.size(); ++i)
    if (!problem.keeps(static_cast<int64_t>(i))) problem.weight[i] = std::nanf("");
  check(problem, ESP_DIRECTION_FORWARD, problem.input, problem.forward());
}

TEST_P(Image16Test, KeepsNotANumberThroughActivations) {
  for (int32_t activation = ESP_ACTIVATION_NONE; activation <= ESP_ACTIVATION_HARD_SWISH;
       ++activation) {
    image16_case problem(square(1, 1, 5, 1, 1), 1.0, 3);
    problem.weight[0] = 1.0f;
    problem.input[5] = std::nanf("");
    const esp_conv2d_image16_layout layout = problem.layout(ESP_DIRECTION_FORWARD, 0, 0);
    const esp_target where = target();
    image16_tensor input = pack(problem.source(layout), problem.input),
                   output(backend(), problem.result(layout));
    workspace packed(backend(), esp_conv2d_image16_packed_bytes(&where, &layout, 1));
    ASSERT_OK(esp_conv2d_image16_pack(&where, &layout, problem.weight.data(), problem.bits.data(),
                                      1, packed.data(), nullptr, nullptr));
    workspace scratch(backend(), esp_conv2d_image16_workspace_bytes(&where, &layout, 1));
    const esp_epilogue epilogue = {nullptr, nullptr, activation};
    ASSERT_OK(esp_conv2d_image16(&where, &layout, input.data(), packed.data(), 1, &epilogue,
                                 output.data(), scratch.data(), nullptr));
    const std::vector<float> got = unpack(output);
    EXPECT_TRUE(std::isnan(got[5])) << activation;
    EXPECT_FALSE(std::isnan(got[4])) << activation;
  }
}

TEST_P(Image16Test, RefusesBadArgumentsByName) {
  const esp_target where = target();
  const image16_case problem(square(1, 4, 8, 4, 3), 0.5, 1);
  esp_conv2d_image16_layout layout = problem.layout(ESP_DIRECTION_FORWARD, 0, 0);
  const auto refusal = [&](int64_t nonzeros) {
    EXPECT_EQ(-1, esp_conv2d_image16_packed_bytes(&where, &layout, nonzeros));
    return std::string(esp_last_message());
  };
  const std::string function = "esp_conv2d_image16_packed_bytes: ";
  EXPECT_EQ(function + "nonzeros: expected 0 to 144 (the number of weights), got 145",
            refusal(145));
  layout.source_halo_w = 0;
  EXPECT_EQ(function + "layout.source_halo: expected at least 1 x 1 for these taps, got 1 x 0",
            refusal(3));
  layout.source_halo_w = -1;
  EXPECT_EQ(function + "layout.source_halo_w: expected 0 to 2147483647, got -1", refusal(3));
  layout = problem.layout(ESP_DIRECTION_FORWARD, 0, 0);
  layout.direction = 2;
  EXPECT_EQ(function +
                "layout.direction: expected ESP_DIRECTION_FORWARD (0) or "
                "ESP_DIRECTION_INPUT_GRADIENT (1), got 2",
            refusal(3));
  layout.direction = ESP_DIRECTION_INPUT_GRADIENT;
  layout.shape.stride_h = layout.shape.stride_w = 9;
  EXPECT_EQ(function +
                "layout.shape: expected stride_h * stride_w of at most 64 for an input gradient, "
                "got 9 x 9",
            refusal(3));
  esp_image16 e = {1, 2, 3, 4, 0, -1};
  EXPECT_EQ(-1, esp_image16_bytes(&e));
  EXPECT_STREQ("esp_image16_bytes: extents.halo_w: expected 0 to 2147483647, got -1",
               esp_last_message());
  e = {2147483647, 2147483647, 2147483647, 2147483647, 0, 0};
  EXPECT_EQ(-1, esp_image16_bytes(&e));
  EXPECT_EQ(0u, std::string(esp_last_message()).find("esp_image16_bytes: extents: expected fewer"));
}

TEST_P(Image16Test, RefusesWeightsPackedForAnotherLayout) {
  const image16_case problem(square(1, 4, 8, 4, 3), 0.5, 1);
  const esp_target where = target();
  esp_conv2d_image16_layout layout = problem.layout(ESP_DIRECTION_FORWARD, 0, 0);
  workspace packed(backend(), esp_conv2d_image16_packed_bytes(&where, &layout, problem.nonzeros));
  ASSERT_OK(esp_conv2d_image16_pack(&where, &layout, problem.weight.data(), problem.bits.data(),
                                    problem.nonzeros, packed.data(), nullptr, nullptr));
  EXPECT_EQ(ESP_INVALID_ARGUMENT,
            esp_conv2d_image16_pack(&where, &layout, problem.weight.data(), problem.bits.data(),
                                    problem.nonzeros - 1, packed.data(), nullptr, nullptr));
  EXPECT_EQ("esp_conv2d_image16_pack: nonzeros: expected the number of ones in bits, " +
                std::to_string(problem.nonzeros) + ", got " + std::to_string(problem.nonzeros - 1),
            esp_last_message());
  ASSERT_OK(esp_conv2d_image16_pack(&where, &layout, problem.weight.data(), problem.bits.data(),
                                    problem.nonzeros, packed.data(), nullptr, nullptr));
  layout.result_halo_h = 1;
  EXPECT_EQ(ESP_INVALID_ARGUMENT,
            esp_conv2d_image16(&where, &layout, packed.data(), packed.data(), problem.nonzeros,
                               nullptr, packed.data(), nullptr, nullptr));
  EXPECT_STREQ(
      "esp_conv2d_image16: packed: expected weights packed for this layout and nonzeros, got "
      "others; call esp_conv2d_image16_pack with the same arguments",
      esp_last_message());
}

}  // namespace
}  // namespace espalier::test
