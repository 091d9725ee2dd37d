// Arguments that every backend refuses, with the message that names them.
#include <string>

#include "base/testing/kernel_test.h"
#include "kernels/conv_half/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv_half/kernels.inc"
};

constexpr half_form vector16 = {ESP_DTYPE_F16, ESP_PATTERN_VECTOR, 16};
constexpr half_form pairs = {ESP_DTYPE_BF16, ESP_PATTERN_TWO_OF_FOUR, 0};

esp_conv2d_half_layout layout_of(const esp_conv2d_shape& shape, const half_form& form) {
  return {shape, form.dtype, form.pattern, form.vector};
}

void expect_start(const std::string& expected, const std::string& message) {
  EXPECT_EQ(expected, message.substr(0, expected.size()));
}

class ConvHalfRefusalTest : public KernelTest {
 protected:
  // The message of a run; every query must refuse the same.
  std::string refusal(const esp_conv2d_half_layout& layout, int64_t vectors,
                      int32_t status = ESP_INVALID_ARGUMENT) {
    const esp_target where = target();
    EXPECT_EQ(-1, esp_conv2d_half_packed_bytes(&where, &layout, vectors));
    EXPECT_EQ(-1, esp_conv2d_half_workspace_bytes(&where, &layout, vectors));
    EXPECT_EQ(-1, esp_conv2d_half_pack_workspace_bytes(&where, &layout, vectors));
    EXPECT_EQ(status, esp_conv2d_half_pack(&where, &layout, nullptr, nullptr, vectors, nullptr,
                                           nullptr, nullptr));
    EXPECT_EQ(status, esp_conv2d_half(&where, &layout, nullptr, nullptr, vectors, nullptr, nullptr,
                                      nullptr, nullptr));
    return esp_last_message();
  }
};
INSTANTIATE_KERNEL_SUITE(ConvHalfRefusalTest, conv2d_half);

TEST_P(ConvHalfRefusalTest, RefusesBadLayoutsByName) {
  const esp_conv2d_shape shape = square(1, 4, 8, 4, 3);
  EXPECT_EQ(
      "esp_conv2d_half: vectors: expected 0 to 36 (blocks of 16 outputs times positions), got "
      "37",
      refusal(layout_of(shape, vector16), 37));
  EXPECT_EQ(
      "esp_conv2d_half: vectors: expected 0 to 36 (blocks of 16 outputs times positions), got "
      "-1",
      refusal(layout_of(shape, vector16), -1));
  EXPECT_EQ("esp_conv2d_half: layout.vector: expected 16 or 32, got 8",
            refusal(layout_of(shape, {ESP_DTYPE_F16, ESP_PATTERN_VECTOR, 8}), 0));
  EXPECT_EQ("esp_conv2d_half: layout.dtype: expected ESP_DTYPE_* (0 or 1), got 2",
            refusal(layout_of(shape, {2, ESP_PATTERN_VECTOR, 16}), 0));
  EXPECT_EQ("esp_conv2d_half: layout.pattern: expected ESP_PATTERN_* (0 or 1), got -1",
            refusal(layout_of(shape, {ESP_DTYPE_F16, -1, 16}), 0));
  EXPECT_EQ(
      "esp_conv2d_half: layout.vector: expected 0 in the pattern ESP_PATTERN_TWO_OF_FOUR, got "
      "16",
      refusal(layout_of(shape, {ESP_DTYPE_F16, ESP_PATTERN_TWO_OF_FOUR, 16}), 0));
  EXPECT_EQ("esp_conv2d_half: vectors: expected 0 in the pattern ESP_PATTERN_TWO_OF_FOUR, got 3",
            refusal(layout_of(shape, pairs), 3));
  EXPECT_EQ(
      "esp_conv2d_half: layout.shape.c: expected a multiple of 4 channels per group in the "
      "pattern ESP_PATTERN_TWO_OF_FOUR, got 6",
      refusal(layout_of(square(1, 6, 8, 4, 3), pairs), 0, ESP_UNSUPPORTED));
  esp_conv2d_shape bad = shape;
  bad.stride_w = 0;
  EXPECT_EQ("esp_conv2d_half: shape.stride_w: expected 1 to 2147483647, got 0",
            refusal(layout_of(bad, vector16), 3));
  bad = shape;
  bad.groups = 3;
  EXPECT_EQ("esp_conv2d_half: shape.groups: expected a divisor of c = 4 and k = 4, got 3",
            refusal(layout_of(bad, vector16), 3));
  const esp_target where = target();
  EXPECT_EQ(-1, esp_conv2d_half_packed_bytes(&where, nullptr, 0));
  EXPECT_STREQ("esp_conv2d_half_packed_bytes: layout: expected a layout, got NULL",
               esp_last_message());
}

TEST_P(ConvHalfRefusalTest, RefusesKernelsThatFitNoTile) {
  if (!is_cuda()) return;
  esp_conv2d_shape wide = square(1, 4, 40, 4, 3);
  wide.r = wide.s = 27;
  expect_start("esp_conv2d_half: layout.shape: expected a kernel and dilation that fit a tile of 5",
               refusal(layout_of(wide, vector16), 0, ESP_UNSUPPORTED));
}

TEST_P(ConvHalfRefusalTest, RefusesBadPointersAndActivationsByName) {
  const esp_target where = target();
  half_test_problem problem(square(1, 4, 8, 4, 3), vector16, 0.5, 1);
  const esp_conv2d_half_layout& l = problem.layout;
  std::vector<uint16_t> output(static_cast<size_t>(problem.output_count()));
  workspace packed(backend(), esp_conv2d_half_packed_bytes(&where, &l, problem.vectors));
  const auto pack = [&](const void* weight, const void* bits, void* to) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d_half_pack(&where, &l, weight, bits, problem.vectors,
                                                         to, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  EXPECT_EQ("esp_conv2d_half_pack: weight: expected a tensor, got NULL",
            pack(nullptr, problem.bits.data(), packed.data()));
  expect_start("esp_conv2d_half_pack: packed: expected an address that is a multiple of 64, got ",
               pack(problem.weight.data(), problem.bits.data(), &problem.weight[1]));
  expect_start(
      "esp_conv2d_half_pack: bits: expected an address that is a multiple of 4, got ",
      pack(problem.weight.data(), reinterpret_cast<char*>(problem.bits.data()) + 1, packed.data()));
  EXPECT_EQ("esp_conv2d_half_pack: vectors: expected 36 (no mask keeps all vectors), got " +
                std::to_string(problem.vectors),
            pack(problem.weight.data(), nullptr, packed.data()));

  const auto run = [&](const void* input, const void* from, const esp_epilogue& epilogue,
                       void* to) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d_half(&where, &l, input, from, problem.vectors,
                                                    &epilogue, to, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  const uint16_t* const input = problem.input.data();
  EXPECT_EQ("esp_conv2d_half: input: expected a tensor, got NULL",
            run(nullptr, packed.data(), {}, output.data()));
  EXPECT_EQ("esp_conv2d_half: output: expected a tensor, got NULL",
            run(input, packed.data(), {}, nullptr));
  expect_start("esp_conv2d_half: packed: expected an address that is a multiple of 64, got ",
               run(input, &problem.weight[1], {}, output.data()));
  expect_start("esp_conv2d_half: input: expected an address that is a multiple of 2, got ",
               run(reinterpret_cast<const char*>(input) + 1, packed.data(), {}, output.data()));
  EXPECT_EQ("esp_conv2d_half: epilogue.activation: expected ESP_ACTIVATION_* (0 to 4), got 5",
            run(input, packed.data(), {nullptr, nullptr, 5}, output.data()));
}

TEST_P(ConvHalfRefusalTest, RefusesMasksOfAnotherPatternWhereItCanLook) {
  if (is_cuda()) return;
  const esp_target where = target();
  half_test_problem vectors(square(1, 4, 8, 4, 3), vector16, 0.5, 1);
  workspace packed(backend(),
                   esp_conv2d_half_packed_bytes(&where, &vectors.layout, vectors.vectors + 1));
  EXPECT_EQ(
      ESP_INVALID_ARGUMENT,
      esp_conv2d_half_pack(&where, &vectors.layout, vectors.weight.data(), vectors.bits.data(),
                           vectors.vectors + 1, packed.data(), nullptr, nullptr));
  expect_start("esp_conv2d_half_pack: vectors: expected the number of ones in bits, ",
               esp_last_message());
  half_test_problem two(square(1, 4, 8, 4, 3), pairs, 0.5, 1);
  two.bits.assign(two.bits.size(), ~0u);
  workspace other(backend(), esp_conv2d_half_packed_bytes(&where, &two.layout, 0));
  EXPECT_EQ(ESP_INVALID_ARGUMENT,
            esp_conv2d_half_pack(&where, &two.layout, two.weight.data(), two.bits.data(), 0,
                                 other.data(), nullptr, nullptr));
  EXPECT_STREQ(
      "esp_conv2d_half_pack: bits: expected at most 2 kept of 4 channels, got 4 from weight 0 on",
      esp_last_message());
}

// A mask with more ones than the caller said: nothing outside the packed form is touched.
TEST_P(ConvHalfRefusalTest, DropsWhatAMaskKeepsBeyondItsCount) {
  if (!is_cuda()) return;
  const esp_target where = target();
  half_test_problem problem(square(1, 40, 8, 40, 3), vector16, 1.0, 1);
  buffer<float> weight(backend(), problem.weight);
  buffer<uint32_t> bits(backend(), problem.bits);
  buffer<uint16_t> input(backend(), problem.input), output(backend(), problem.residual);
  for (int64_t said : {0, 1, 15, 16, 17, 400}) {
    workspace packed(backend(), esp_conv2d_half_packed_bytes(&where, &problem.layout, said));
    ASSERT_OK(esp_conv2d_half_pack(&where, &problem.layout, weight.data(), bits.data(), said,
                                   packed.data(), nullptr, nullptr));
    ASSERT_OK(esp_conv2d_half(&where, &problem.layout, input.data(), packed.data(), said, nullptr,
                              output.data(), nullptr, nullptr));
    EXPECT_TRUE(packed.guards_intact() && output.guards_intact());
  }
}

}  // namespace
}  // namespace espalier::test
