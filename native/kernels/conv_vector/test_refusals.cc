// Arguments that every backend refuses, with the message that names them.
#include <string>

#include "base/testing/kernel_test.h"
#include "kernels/conv_vector/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/conv_vector/kernels.inc"
};

void expect_start(const std::string& expected, const std::string& message) {
  EXPECT_EQ(expected, message.substr(0, expected.size()));
}

class ConvVectorRefusalTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(ConvVectorRefusalTest, conv2d_vector);

TEST_P(ConvVectorRefusalTest, RefusesBadShapesByName) {
  const esp_target where = target();
  const auto refusal = [&](const esp_conv2d_shape& shape, int64_t vectors) {
    EXPECT_EQ(-1, esp_conv2d_vector_packed_bytes(&where, &shape, vectors));
    EXPECT_EQ(-1, esp_conv2d_vector_workspace_bytes(&where, &shape, vectors));
    EXPECT_EQ(-1, esp_conv2d_vector_pack_workspace_bytes(&where, &shape, vectors));
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d_vector(&where, &shape, nullptr, nullptr, vectors,
                                                      nullptr, nullptr, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  esp_conv2d_shape s = square(1, 4, 8, 4, 3);
  EXPECT_EQ(
      "esp_conv2d_vector: vectors: expected 0 to 36 (blocks of 16 outputs times positions), got 37",
      refusal(s, 37));
  EXPECT_EQ(
      "esp_conv2d_vector: vectors: expected 0 to 36 (blocks of 16 outputs times positions), got -1",
      refusal(s, -1));
  s.groups = 3;
  EXPECT_EQ("esp_conv2d_vector: shape.groups: expected a divisor of c = 4 and k = 4, got 3",
            refusal(s, 3));
  s = square(1, 4, 8, 4, 3);
  s.stride_w = 0;
  EXPECT_EQ("esp_conv2d_vector: shape.stride_w: expected 1 to 2147483647, got 0", refusal(s, 3));
  s = square(1, 4, 8, 4, 3);
  s.dilation_h = 6;
  EXPECT_EQ(
      "esp_conv2d_vector: shape: expected a padded input of at least 13 x 3 (the dilated kernel), "
      "got 10 x 10",
      refusal(s, 3));
  EXPECT_EQ(-1, esp_conv2d_vector_packed_bytes(&where, nullptr, 0));
  EXPECT_STREQ("esp_conv2d_vector_packed_bytes: shape: expected a shape, got NULL",
               esp_last_message());
}

TEST_P(ConvVectorRefusalTest, RefusesBadPointersAndActivationsByName) {
  const esp_target where = target();
  vector_test_problem problem(square(1, 4, 8, 4, 3), 0.5, 1);
  const esp_conv2d_shape& s = problem.shape;
  std::vector<float> output(static_cast<size_t>(problem.output_count()));
  workspace packed(backend(), esp_conv2d_vector_packed_bytes(&where, &s, problem.vectors));
  workspace scratch(backend(), esp_conv2d_vector_workspace_bytes(&where, &s, problem.vectors));
  const auto pack = [&](const void* weight, const void* bits, void* to) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d_vector_pack(&where, &s, weight, bits,
                                                           problem.vectors, to, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  EXPECT_EQ("esp_conv2d_vector_pack: weight: expected a tensor, got NULL",
            pack(nullptr, problem.bits.data(), packed.data()));
  expect_start("esp_conv2d_vector_pack: packed: expected an address that is a multiple of 64, got ",
               pack(problem.weight.data(), problem.bits.data(), &problem.weight[1]));
  expect_start(
      "esp_conv2d_vector_pack: bits: expected an address that is a multiple of 4, got ",
      pack(problem.weight.data(), reinterpret_cast<char*>(problem.bits.data()) + 1, packed.data()));
  EXPECT_EQ("esp_conv2d_vector_pack: vectors: expected the number of ones in bits, 36, got " +
                std::to_string(problem.vectors),
            pack(problem.weight.data(), nullptr, packed.data()));

  ASSERT_OK(esp_conv2d_vector_pack(&where, &s, problem.weight.data(), problem.bits.data(),
                                   problem.vectors, packed.data(), nullptr, nullptr));
  const auto run = [&](const void* input, const void* from, const esp_epilogue& epilogue,
                       void* to) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_conv2d_vector(&where, &s, input, from, problem.vectors,
                                                      &epilogue, to, scratch.data(), nullptr));
    return std::string(esp_last_message());
  };
  const float* const input = problem.input.data();
  EXPECT_EQ("esp_conv2d_vector: input: expected a tensor, got NULL",
            run(nullptr, packed.data(), {}, output.data()));
  EXPECT_EQ("esp_conv2d_vector: output: expected a tensor, got NULL",
            run(input, packed.data(), {}, nullptr));
  expect_start("esp_conv2d_vector: packed: expected an address that is a multiple of 64, got ",
               run(input, &problem.weight[1], {}, output.data()));
  EXPECT_EQ("esp_conv2d_vector: epilogue.activation: expected ESP_ACTIVATION_* (0 to 4), got 5",
            run(input, packed.data(), {nullptr, nullptr, 5}, output.data()));
}

TEST_P(ConvVectorRefusalTest, RefusesAForeignPackedFormAndAMissingWorkspaceWhereItCanLook) {
  if (backend() == ESP_BACKEND_REFERENCE) return;
  vector_test_problem problem(square(1, 4, 8, 4, 3), 0.5, 1);
  const esp_target where = target();
  workspace packed(backend(),
                   esp_conv2d_vector_packed_bytes(&where, &problem.shape, problem.vectors));
  ASSERT_OK(esp_conv2d_vector_pack(&where, &problem.shape, problem.weight.data(),
                                   problem.bits.data(), problem.vectors, packed.data(), nullptr,
                                   nullptr));
  std::vector<float> output(static_cast<size_t>(problem.output_count()));
  const auto run = [&](const esp_conv2d_shape& shape) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT,
              esp_conv2d_vector(&where, &shape, problem.input.data(), packed.data(),
                                problem.vectors, nullptr, output.data(), nullptr, nullptr));
    return std::string(esp_last_message());
  };
  expect_start("esp_conv2d_vector: workspace: expected", run(problem.shape));
  esp_conv2d_shape other = problem.shape;
  other.pad_top = 0;
  EXPECT_EQ(
      "esp_conv2d_vector: packed: expected weights packed for this shape, vectors and backend, got "
      "others; call esp_conv2d_vector_pack with the same arguments",
      run(other));
}

TEST(ConvVectorBackendTest, SaysThatCudaHasNoKernel) {
  open_cuda_library();
  if (esp_backend_available(ESP_BACKEND_CUDA) == 0) GTEST_SKIP() << esp_last_message();
  const esp_target cuda = {ESP_BACKEND_CUDA, 1};
  const esp_conv2d_shape shape = square(1, 4, 8, 4, 3);
  EXPECT_EQ(-1, esp_conv2d_vector_packed_bytes(&cuda, &shape, 3));
  EXPECT_STREQ(
      "esp_conv2d_vector_packed_bytes: expected a kernel for conv2d_vector_pack, got none in "
      "backend CUDA",
      esp_last_message());
}

}  // namespace
}  // namespace espalier::test
