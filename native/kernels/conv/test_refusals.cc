// Arguments that are refused, with the message that names them, and a wrong one that CUDA cannot
// see.
#include <string>

#include "base/testing/kernel_test.h"
#include "kernels/conv/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv/kernels.inc"
};

class ConvRefusalTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(ConvRefusalTest, conv2d);

TEST_P(ConvRefusalTest, RefusesBadArgumentsByName) {
  const esp_target where = target();
  esp_conv2d_shape s = square(1, 4, 8, 4, 3);
  const auto refusal = [&](const esp_conv2d_shape& shape, int64_t nonzeros) {
    EXPECT_EQ(-1, esp_conv2d_packed_bytes(&where, &shape, nonzeros));
    return std::string(esp_last_message());
  };
  s.groups = 3;
  EXPECT_EQ("esp_conv2d_packed_bytes: shape.groups: expected a divisor of c = 4 and k = 4, got 3",
            refusal(s, 3));
  s = square(1, 4, 8, 4, 3);
  EXPECT_EQ("esp_conv2d_packed_bytes: nonzeros: expected 0 to 144 (the number of weights), got 145",
            refusal(s, 145));
  s.stride_w = 0;
  EXPECT_EQ("esp_conv2d_packed_bytes: shape.stride_w: expected 1 to 2147483647, got 0",
            refusal(s, 3));
  s = square(1, 4, 8, 4, 3);
  s.dilation_h = 6;
  EXPECT_EQ(
      "esp_conv2d_packed_bytes: shape: expected a padded input of at least 13 x 3 (the dilated "
      "kernel), got 10 x 10",
      refusal(s, 3));
  s = square(1, 4, 8, 4, 3);
  s.n = int64_t{1} << 30;
  s.h = int64_t{1} << 27;
  EXPECT_EQ(0u, refusal(s, 3).rfind("esp_conv2d_packed_bytes: shape: expected a padded input", 0));
  s = square(1, 4, 8, 4, 3);
  std::vector<float> weight(144, 1.0f);
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d_pack(&where, &s, weight.data(), nullptr, 144,
                                                  weight.data() + 1, nullptr, nullptr));
  EXPECT_EQ(0u, std::string(esp_last_message())
                    .find("esp_conv2d_pack: packed: expected an address that is a multiple of 64"));
  workspace packed(backend(), esp_conv2d_packed_bytes(&where, &s, 144));
  const esp_epilogue unknown = {nullptr, nullptr, 5};
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d(&where, &s, weight.data(), packed.data(), 144,
                                             &unknown, weight.data(), nullptr, nullptr));
  EXPECT_STREQ("esp_conv2d: epilogue.activation: expected ESP_ACTIVATION_* (0 to 4), got 5",
               esp_last_message());
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d(&where, &s, nullptr, packed.data(), 144, nullptr,
                                             weight.data(), nullptr, nullptr));
  EXPECT_STREQ("esp_conv2d: input: expected a tensor, got NULL", esp_last_message());
}

TEST_P(ConvRefusalTest, RefusesWeightsPackedForAnotherShapeWhereItCanLook) {
  if (backend() != ESP_BACKEND_AVX2 && backend() != ESP_BACKEND_AVX512) return;
  conv_problem problem(square(1, 4, 8, 4, 3), 0.5, 1);
  const esp_target where = target();
  workspace packed(backend(), esp_conv2d_packed_bytes(&where, &problem.shape, problem.nonzeros));
  ASSERT_OK(esp_conv2d_pack(&where, &problem.shape, problem.weight.data(), problem.bits.data(),
                            problem.nonzeros, packed.data(), nullptr, nullptr));
  esp_conv2d_shape other = problem.shape;
  other.pad_top = 0;
  std::vector<float> output(static_cast<size_t>(problem.output_count()));
  workspace scratch(backend(), esp_conv2d_workspace_bytes(&where, &other, problem.nonzeros));
  EXPECT_EQ(ESP_INVALID_ARGUMENT,
            esp_conv2d(&where, &other, problem.input.data(), packed.data(), problem.nonzeros,
                       nullptr, output.data(), scratch.data(), nullptr));
  EXPECT_STREQ(
      "esp_conv2d: packed: expected weights packed for this shape, nonzeros and backend, got "
      "others; call esp_conv2d_pack with the same arguments",
      esp_last_message());
}

// A mask with more ones than the caller said: nothing outside the packed form is touched.
TEST_P(ConvRefusalTest, DropsWhatAMaskKeepsBeyondItsCountWhereItCannotLook) {
  if (!is_cuda()) return;
  const esp_target where = target();
  conv_problem problem(square(1, 20, 8, 20, 3), 1.0, 1);
  buffer<float> weight(backend(), problem.weight), input(backend(), problem.input);
  buffer<uint32_t> bits(backend(), problem.bits);
  buffer<float> output(backend(), problem.residual);
  for (int64_t said : {0, 1, 31, 32, 33, 400}) {
    workspace packed(backend(), esp_conv2d_packed_bytes(&where, &problem.shape, said));
    ASSERT_OK(esp_conv2d_pack(&where, &problem.shape, weight.data(), bits.data(), said,
                              packed.data(), nullptr, nullptr));
    workspace scratch(backend(), esp_conv2d_workspace_bytes(&where, &problem.shape, said));
    ASSERT_OK(esp_conv2d(&where, &problem.shape, input.data(), packed.data(), said, nullptr,
                         output.data(), scratch.data(), nullptr));
    EXPECT_TRUE(packed.guards_intact() && output.guards_intact());
  }
}

TEST_P(ConvRefusalTest, RefusesAWrongNumberOfNonzerosWhereItCanLook) {
  if (is_cuda()) return;
  conv_problem problem(square(1, 4, 8, 4, 3), 0.5, 1);
  const esp_target where = target();
  const int64_t wrong = problem.nonzeros + 1;
  workspace packed(backend(), esp_conv2d_packed_bytes(&where, &problem.shape, wrong));
  EXPECT_EQ(ESP_INVALID_ARGUMENT,
            esp_conv2d_pack(&where, &problem.shape, problem.weight.data(), problem.bits.data(),
                            wrong, packed.data(), nullptr, nullptr));
  EXPECT_EQ("esp_conv2d_pack: nonzeros: expected the number of ones in bits, " +
                std::to_string(wrong - 1) + ", got " + std::to_string(wrong),
            esp_last_message());
}

}  // namespace
}  // namespace espalier::test
