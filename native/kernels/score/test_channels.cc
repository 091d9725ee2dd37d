#include "kernels/score/test_criteria.h"

namespace espalier::test {
namespace {

constexpr int32_t norms[] = {ESP_NORM_L1, ESP_NORM_L2, ESP_NORM_LINF};

struct channel_shape {
  int64_t outer, channels, inner, extra;  // outer_stride = channels * inner + extra
};

struct channel_tensor {
  channel_tensor(int32_t backend, channel_shape s, uint32_t seed)
      : shape(s),
        weight(backend, random_values(elements(s), seed), seed % 3),
        gradient(backend, random_values(elements(s), seed + 1), seed % 2) {}

  static int64_t elements(channel_shape s) {
    return s.outer == 0 ? 0
                        : (s.outer - 1) * (s.channels * s.inner + s.extra) + s.channels * s.inner;
  }

  esp_channel_item item(buffer<float>& score) {
    return {weight.data(),
            gradient.data(),
            score.data(),
            shape.outer,
            shape.channels * shape.inner + shape.extra,
            shape.channels,
            shape.inner};
  }

  // Adds |e| or e * e of one channel, or keeps the maximum, in double precision.
  double accumulate(int32_t criterion, int32_t norm, int64_t channel, double total) const {
    for (int64_t o = 0; o < shape.outer; ++o)
      for (int64_t i = 0; i < shape.inner; ++i) {
        const auto at = static_cast<size_t>(o * (shape.channels * shape.inner + shape.extra) +
                                            channel * shape.inner + i);
        double e = expected_element(criterion, weight.host()[at], gradient.host()[at]);
        e = criterion == ESP_CRITERION_SIGNED_GRADIENT ? std::fmax(e, 0.0) : std::fabs(e);
        total = norm == ESP_NORM_L1   ? total + e
                : norm == ESP_NORM_L2 ? total + e * e
                                      : std::fmax(total, e);
      }
    return total;
  }

  channel_shape shape;
  buffer<float> weight, gradient;
};

class ScoreChannelsTest : public KernelTest {
 protected:
  // Scores the group of `shapes` (equal channels) and compares every channel with double sums.
  void check_group(const std::vector<channel_shape>& shapes, int32_t criterion, int32_t norm) {
    std::vector<std::unique_ptr<channel_tensor>> tensors;
    std::vector<esp_channel_item> items;
    const int64_t channels = shapes[0].channels;
    buffer<float> score(backend(), std::vector<float>(static_cast<size_t>(channels), -7.0f), 1);
    int64_t length = 0;
    for (const channel_shape& shape : shapes) {
      tensors.push_back(
          std::make_unique<channel_tensor>(backend(), shape, static_cast<uint32_t>(items.size())));
      items.push_back(tensors.back()->item(score));
      length += shape.outer * shape.inner;
    }
    std::vector<uint32_t> first_bits;
    for (int32_t threads : thread_counts()) {
      const esp_target where = target(threads);
      ASSERT_OK(esp_score_channels(&where, items.data(), static_cast<int32_t>(items.size()),
                                   criterion, norm, nullptr, nullptr));
      score.fetch();
      ASSERT_TRUE(score.guards_intact());
      std::vector<uint32_t> bits;
      for (float v : score.host()) bits.push_back(bits_of(v));
      if (first_bits.empty()) first_bits = bits;
      ASSERT_EQ(first_bits, bits) << "depends on the number of threads: " << threads;
    }
    for (int64_t c = 0; c < channels; ++c) {
      double expected = 0;
      for (const auto& t : tensors) expected = t->accumulate(criterion, norm, c, expected);
      if (norm == ESP_NORM_L2) expected = std::sqrt(expected);
      ASSERT_NEAR(expected, score.host()[static_cast<size_t>(c)], tolerance(norm, length, expected))
          << "criterion " << criterion << " norm " << norm << " channel " << c << " of " << channels
          << ", first item [" << shapes[0].outer << ", " << channels << ", " << shapes[0].inner
          << "]";
    }
  }

  // CPU: one rounding to float. CUDA: float sums, and half of their relative error through the
  // root.
  double tolerance(int32_t norm, int64_t length, double expected) const {
    if (norm == ESP_NORM_LINF) return 0;
    return summation_tolerance(float_epsilon, is_cuda() ? length + 2 : 1, expected);
  }
};
INSTANTIATE_KERNEL_SUITE(ScoreChannelsTest, score_channels);

TEST_P(ScoreChannelsTest, ScoresAnyAxis) {
  for (int64_t channels : {1, 7, 8, 31, 33, 64})
    for (int64_t outer : {1, 2, 33})
      for (int64_t inner : {1, 2, 9, 31, 32, 49})
        for (int32_t norm : norms)
          check_group({{outer, channels, inner, 0}}, ESP_CRITERION_TAYLOR, norm);
}

TEST_P(ScoreChannelsTest, ScoresEveryCriterion) {
  for (int32_t criterion : criteria)
    for (int32_t norm : norms) {
      check_group({{5, 17, 9, 0}}, criterion, norm);
      check_group({{1, 17, 300, 0}}, criterion, norm);
    }
}

TEST_P(ScoreChannelsTest, ScoresARangeOfAnAxis) {
  for (int32_t norm : norms) check_group({{13, 5, 9, 27}}, ESP_CRITERION_MAGNITUDE, norm);
}

TEST_P(ScoreChannelsTest, ReducesGroupsTogether) {
  for (int32_t norm : norms)
    check_group({{1, 40, 288, 0},
                 {1, 40, 1, 0},
                 {64, 40, 9, 0},
                 {0, 40, 9, 0},
                 {3, 40, 50, 7},
                 {2, 40, 0, 0}},
                ESP_CRITERION_TAYLOR, norm);
}

TEST_P(ScoreChannelsTest, ReducesAGroupOfManyTensors) {
  for (int32_t norm : norms)
    check_group(std::vector<channel_shape>(901, channel_shape{2, 9, 3, 1}), ESP_CRITERION_MAGNITUDE,
                norm);
}

TEST_P(ScoreChannelsTest, ReducesLargeTensors) {
  check_group({{64, 512, 9, 0}}, ESP_CRITERION_MAGNITUDE, ESP_NORM_L2);
  check_group({{1, 64, 4608, 0}}, ESP_CRITERION_MAGNITUDE, ESP_NORM_L1);
  check_group({{512, 512, 1, 0}}, ESP_CRITERION_GRADIENT, ESP_NORM_L2);
}

TEST_P(ScoreChannelsTest, ScoresEmptyChannelsZero) {
  for (int32_t norm : norms)
    check_group({{0, 12, 9, 0}, {4, 12, 0, 0}}, ESP_CRITERION_MAGNITUDE, norm);
}

TEST_P(ScoreChannelsTest, KeepsSeveralGroupsApart) {
  channel_tensor a(backend(), {1, 30, 40, 0}, 1), b(backend(), {6, 30, 3, 0}, 2);
  buffer<float> first(backend(), std::vector<float>(30)), second(backend(), std::vector<float>(30));
  const esp_channel_item items[] = {a.item(first), b.item(first), b.item(second)};
  const esp_target where = target();
  ASSERT_OK(esp_score_channels(&where, items, 3, ESP_CRITERION_MAGNITUDE, ESP_NORM_LINF, nullptr,
                               nullptr));
  first.fetch();
  second.fetch();
  for (int64_t c = 0; c < 30; ++c) {
    const double only_b = b.accumulate(ESP_CRITERION_MAGNITUDE, ESP_NORM_LINF, c, 0);
    const double both = a.accumulate(ESP_CRITERION_MAGNITUDE, ESP_NORM_LINF, c, only_b);
    EXPECT_EQ(both, first.host()[static_cast<size_t>(c)]);
    EXPECT_EQ(only_b, second.host()[static_cast<size_t>(c)]);
  }
}

TEST_P(ScoreChannelsTest, KeepsNotANumberAndInfinity) {
  for (int64_t inner : {3, 70})
    for (int32_t norm : norms) {
      std::vector<float> w = random_values(20 * inner, 5);
      w[static_cast<size_t>(4 * inner + 2)] = std::nanf("");
      w[static_cast<size_t>(5 * inner + 1)] = -std::numeric_limits<float>::infinity();
      buffer<float> weight(backend(), w), score(backend(), std::vector<float>(20));
      const esp_channel_item item = {weight.data(), nullptr, score.data(), 1,
                                     20 * inner,    20,      inner};
      const esp_target where = target();
      ASSERT_OK(
          esp_score_channels(&where, &item, 1, ESP_CRITERION_MAGNITUDE, norm, nullptr, nullptr));
      score.fetch();
      EXPECT_TRUE(std::isnan(score.host()[4]));
      EXPECT_EQ(std::numeric_limits<float>::infinity(), score.host()[5]);
      EXPECT_TRUE(std::isfinite(score.host()[3]) && std::isfinite(score.host()[6]));
    }
}

TEST_P(ScoreChannelsTest, RefusesBadArgumentsByName) {
  channel_tensor t(backend(), {2, 6, 3, 0}, 1);
  buffer<float> score(backend(), std::vector<float>(6));
  const esp_target where = target();
  const auto refusal = [&](const esp_channel_item& item, int32_t norm) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT,
              esp_score_channels(&where, &item, 1, 0, norm, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  esp_channel_item item = t.item(score);
  EXPECT_EQ("esp_score_channels: norm: expected 0 to 2, got 3", refusal(item, 3));
  item.outer_stride = 17;
  EXPECT_EQ(
      "esp_score_channels: items[0].outer_stride: expected at least channels * inner = 18, got 17",
      refusal(item, ESP_NORM_L1));
  item = t.item(score);
  item.channels = 0;
  EXPECT_EQ(
      "esp_score_channels: items[0]: expected outer >= 0, channels >= 1, inner >= 0, got 2, 0, 3",
      refusal(item, ESP_NORM_L1));
  item = t.item(score);
  item.channels = item.outer_stride = int64_t{1} << 62;
  EXPECT_EQ(
      "esp_score_channels: items[0]: expected outer * channels * inner of at most 2^40, got 2 * "
      "4611686018427387904 * 3",
      refusal(item, ESP_NORM_L1));
  item = t.item(score);
  item.score = nullptr;
  EXPECT_EQ("esp_score_channels: items[0].score: expected a tensor, got NULL",
            refusal(item, ESP_NORM_L1));
}

}  // namespace
}  // namespace espalier::test
