// The tile and the packed form of CUDA: what the loads of a warp meet in shared memory.
#include <algorithm>
#include <set>

#include "kernels/conv_half/conv_half_packed.h"
// Redefines the macros of kernels.inc.
#include "base/testing/kernel_test.h"
#include "kernels/conv_half/test_problem.h"

namespace espalier::test {
namespace {

half_plan plan_of(const esp_conv2d_shape& shape) {
  half_plan plan{};
  EXPECT_TRUE(make_half_plan(shape, &plan));
  return plan;
}

TEST(ConvHalfPlanTest, KeepsRunsOfPixelsInDifferentSlots) {
  for (int64_t size : {2, 4, 7, 8, 14, 16, 28, 32, 56})
    for (int64_t kernel : {1, 3})
      for (int64_t stride : {1, 2}) {
        esp_conv2d_shape s = square(8, 64, size, 64, kernel);
        s.stride_h = s.stride_w = stride;
        const half_plan plan = plan_of(s);
        EXPECT_EQ(1, plan.pitch / 8 % 2) << "the pitch is an odd number of 16-byte lines";
        EXPECT_GE(plan.stages, stride == 1 ? 2 : 1) << size << " " << kernel;
        // Narrower tiles may give up slots for a second stage: at most one of four pixels.
        EXPECT_LE(half_conflicts(plan), plan.cols.tile >= 8 ? 0 : half_pixels / 4)
            << size << " " << kernel;
        EXPECT_LE(plan.stages * plan.positions * plan.pitch * 2, half_tile_bytes);
      }
}

// The suite convolves these shapes, so that every number of stages is run.
TEST(ConvHalfPlanTest, KeepsAsManyStagesAsFit) {
  const half_plan plan = plan_of({1, 72, 9, 9, 18, 5, 5, 1, 1, 6, 6, 6, 6, 3, 3, 1});
  EXPECT_EQ(1, plan.stages);
  EXPECT_EQ(3, plan.chunks);
  esp_conv2d_shape strided = square(2, 12, 9, 20, 1);
  strided.stride_h = strided.stride_w = 2;
  EXPECT_EQ(4, plan_of(strided).stages);
  EXPECT_EQ(3, plan_of(square(1, 8, 14, 17, 3)).stages);
  EXPECT_EQ(2, plan_of(square(1, 132, 7, 33, 1)).stages);
}

TEST(ConvHalfPlanTest, ReadsTheInputThatATapReads) {
  const esp_conv2d_shape s = {1, 8, 60, 60, 8, 4, 5, 3, 2, 2, 1, 2, 1, 2, 3, 1};
  const half_plan p = plan_of(s);
  const auto input_row = [](const half_axis& axis, int32_t row, int64_t stride, int64_t dilation) {
    const int32_t plane = axis.plane_of(&row);
    return row * stride + plane * dilation;
  };
  for (int32_t q = 0; q < p.rows.tile * p.cols.tile; ++q)
    for (int32_t r = 0; r < s.r; ++r)
      for (int32_t t = 0; t < s.s; ++t) {
        const int32_t at = half_pixel_position(p, q) + half_tap_offset(p, r, t) / p.pitch;
        ASSERT_LT(at, p.image_positions);
        ASSERT_EQ(q / p.cols.tile * s.stride_h + r * s.dilation_h,
                  input_row(p.rows, at / p.line_positions, s.stride_h, s.dilation_h));
        ASSERT_EQ(q % p.cols.tile * s.stride_w + t * s.dilation_w,
                  input_row(p.cols, at % p.line_positions, s.stride_w, s.dilation_w));
      }
}

// Words of shared memory beyond the first that one of the 32 banks must give up for a load, over
// all loads of B that the packed lists cause; `loads` counts them.
int64_t bank_conflicts(const half_test_problem& problem, int64_t* loads) {
  const esp_target cuda = {ESP_BACKEND_CUDA, 1};
  const half_plan plan = plan_of(problem.shape());
  const half_packed form = make_half_packed(problem.layout, plan, problem.vectors);
  buffer<float> weight(ESP_BACKEND_CUDA, problem.weight);
  buffer<uint32_t> bits(ESP_BACKEND_CUDA, problem.bits);
  buffer<uint64_t> packed(ESP_BACKEND_CUDA,
                          std::vector<uint64_t>(static_cast<size_t>(form.bytes / 8)));
  EXPECT_EQ(form.bytes, esp_conv2d_half_packed_bytes(&cuda, &problem.layout, problem.vectors));
  EXPECT_OK(esp_conv2d_half_pack(&cuda, &problem.layout, weight.data(), bits.data(),
                                 problem.vectors, packed.data(), nullptr, nullptr));
  const auto* bytes = reinterpret_cast<const char*>(packed.fetch().data());
  const auto* starts = reinterpret_cast<const int32_t*>(bytes);
  const auto* offsets = reinterpret_cast<const uint16_t*>(bytes + form.offsets_at);
  EXPECT_LE(starts[form.lists], form.steps);
  int64_t conflicts = 0;
  for (int64_t step = 0; step < starts[form.lists]; ++step)
    for (int i = 0; i < 4; ++i, ++*loads) {
      std::set<int32_t> banks[32];
      size_t most = 0;
      for (int lane = 0; lane < 32; ++lane) {
        const int32_t pixel = half_pixel_position(plan, lane / 4) * plan.pitch;
        const int32_t word = (pixel + offsets[(step * 4 + lane % 4) * 4 + i]) / 2;
        banks[word % 32].insert(word);
      }
      for (const auto& bank : banks) most = std::max(most, bank.size());
      conflicts += static_cast<int64_t>(most) - 1;
    }
  return conflicts;
}

class ConvHalfOrderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open_cuda_library();
    if (esp_backend_available(ESP_BACKEND_CUDA) == 0) GTEST_SKIP() << esp_last_message();
  }
};

TEST_F(ConvHalfOrderTest, MeetsNoBankTwiceWhereChannelsAreBalanced) {
  for (int64_t kernel : {1, 3}) {
    const half_test_problem problem(square(1, 64, 8, 32, kernel), half_forms[0], 1.0, 1);
    int64_t loads = 0;
    EXPECT_EQ(0, bank_conflicts(problem, &loads));
    EXPECT_EQ(problem.vectors / 4, loads);
  }
}

// A random quarter of the vectors: classes of channels are uneven.
TEST_F(ConvHalfOrderTest, MeetsFewBanksTwiceWithARandomMask) {
  const half_test_problem problem(square(1, 128, 8, 64, 3), half_forms[0], 0.25, 1);
  int64_t loads = 0;
  const int64_t conflicts = bank_conflicts(problem, &loads);
  EXPECT_LT(conflicts, loads / 4) << conflicts << " of " << loads;
  RecordProperty("conflicts", std::to_string(conflicts) + " of " + std::to_string(loads));
}

}  // namespace
}  // namespace espalier::test
