#include "kernels/score/test_criteria.h"

namespace espalier::test {
namespace {

bool same_value(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || bits_of(a) == bits_of(b);
}

struct element_tensor {
  element_tensor(int32_t backend, std::vector<float> w, std::vector<float> g, int64_t misaligned_by)
      : weight(backend, std::move(w), misaligned_by),
        gradient(backend, std::move(g), misaligned_by),
        score(backend, std::vector<float>(static_cast<size_t>(weight.size()), -7.0f),
              misaligned_by) {}

  esp_score_item item() { return {weight.data(), gradient.data(), score.data(), weight.size()}; }

  void expect_scores(int32_t criterion) {
    score.fetch();
    ASSERT_TRUE(score.guards_intact());
    for (size_t i = 0; i < score.host().size(); ++i) {
      const float expected = expected_element(criterion, weight.host()[i], gradient.host()[i]);
      ASSERT_TRUE(same_value(expected, score.host()[i]))
          << "criterion " << criterion << " element " << i << " of " << score.size()
          << ": expected " << expected << ", got " << score.host()[i];
    }
  }

  buffer<float> weight, gradient, score;
};

class ScoreTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(ScoreTest, score);

TEST_P(ScoreTest, ScoresEverySizeAndMisalignment) {
  for (int64_t size : sizes_up_to(4097))
    for (int64_t misaligned_by : {0, 1, 3})
      for (int32_t criterion : criteria) {
        const auto seed = static_cast<uint32_t>(size);
        element_tensor t(backend(), rough_values(size, seed), rough_values(size, seed + 7),
                         misaligned_by);
        const esp_target where = target();
        const esp_score_item item = t.item();
        ASSERT_OK(esp_score(&where, &item, 1, criterion, nullptr, nullptr));
        t.expect_scores(criterion);
      }
}

TEST_P(ScoreTest, ScoresManyTensorsInOneCall) {
  std::vector<std::unique_ptr<element_tensor>> tensors;
  std::vector<esp_score_item> items;
  for (int n = 0; n < 1100; ++n) {
    const auto seed = static_cast<uint32_t>(n);
    const int64_t size = n == 500 ? 140000 : n % 7 * 11;
    tensors.push_back(std::make_unique<element_tensor>(backend(), random_values(size, seed),
                                                       random_values(size, seed + 1), n % 3));
    items.push_back(tensors.back()->item());
  }
  for (int32_t threads : thread_counts()) {
    const esp_target where = target(threads);
    ASSERT_OK(esp_score(&where, items.data(), static_cast<int32_t>(items.size()),
                        ESP_CRITERION_TAYLOR, nullptr, nullptr));
    for (auto& t : tensors) t->expect_scores(ESP_CRITERION_TAYLOR);
  }
}

TEST_P(ScoreTest, DoesNotReadWhatTheCriterionIgnores) {
  element_tensor t(backend(), random_values(100, 1), random_values(100, 2), 0);
  const esp_target where = target();
  for (int32_t criterion :
       {ESP_CRITERION_MAGNITUDE, ESP_CRITERION_GRADIENT, ESP_CRITERION_SIGNED_GRADIENT}) {
    esp_score_item item = t.item();
    (criterion == ESP_CRITERION_MAGNITUDE ? item.gradient : item.weight) = nullptr;
    ASSERT_OK(esp_score(&where, &item, 1, criterion, nullptr, nullptr));
    t.expect_scores(criterion);
  }
}

TEST_P(ScoreTest, KeepsNotANumber) {
  std::vector<float> w = random_values(40, 1), g = random_values(40, 2);
  w[17] = std::nanf("");
  g[31] = -std::nanf("");
  element_tensor t(backend(), w, g, 1);
  const esp_target where = target();
  for (int32_t criterion : criteria) {
    const esp_score_item item = t.item();
    ASSERT_OK(esp_score(&where, &item, 1, criterion, nullptr, nullptr));
    t.expect_scores(criterion);
  }
}

TEST_P(ScoreTest, RefusesBadArgumentsByName) {
  element_tensor t(backend(), random_values(4, 1), random_values(4, 2), 0);
  const esp_target where = target();
  const auto refusal = [&](const esp_score_item* items, int32_t count, int32_t criterion) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_score(&where, items, count, criterion, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  esp_score_item item = t.item();
  EXPECT_EQ("esp_score: criterion: expected 0 to 3, got 9", refusal(&item, 1, 9));
  EXPECT_EQ("esp_score: item_count: expected at least 0, got -1", refusal(&item, -1, 0));
  EXPECT_EQ("esp_score: items: expected 1 items, got NULL", refusal(nullptr, 1, 0));
  item.count = -4;
  EXPECT_EQ("esp_score: items[0].count: expected at least 0, got -4", refusal(&item, 1, 0));
  item = t.item();
  item.gradient = nullptr;
  EXPECT_EQ("esp_score: items[0].gradient: expected a tensor (criterion 3 reads it), got NULL",
            refusal(&item, 1, ESP_CRITERION_TAYLOR));
  item = t.item();
  item.score = reinterpret_cast<char*>(item.score) + 2;
  EXPECT_EQ(0u, refusal(&item, 1, 0).rfind("esp_score: items[0].score: expected an address", 0));
  item.count = int64_t{1} << 41;
  EXPECT_EQ(
      "esp_score: items[0]: expected a size of at most 2^40 in all items, got 2199023255552 after "
      "0",
      refusal(&item, 1, 0));
  EXPECT_OK(esp_score(&where, nullptr, 0, 0, nullptr, nullptr));
}

}  // namespace
}  // namespace espalier::test
