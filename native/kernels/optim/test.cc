#include <memory>
#include <type_traits>

#include "kernels/optim/test_problem.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/optim/kernels.inc"
};

constexpr int32_t criteria[] = {ESP_CRITERION_MAGNITUDE, ESP_CRITERION_GRADIENT,
                                ESP_CRITERION_SIGNED_GRADIENT, ESP_CRITERION_TAYLOR};

using tensors = std::vector<std::unique_ptr<optim_tensor>>;

// Runs one step of either operation over `list` and advances what is expected.
void step(const esp_target& where, const esp_sgd& s, int32_t criterion, tensors& list) {
  std::vector<esp_sgd_item> items;
  for (auto& t : list) {
    items.push_back(t->sgd_item());
    t->expect_sgd(s, criterion);
  }
  ASSERT_OK(esp_sgd_step(&where, items.data(), static_cast<int32_t>(items.size()), &s, criterion,
                         nullptr, nullptr));
}

void step(const esp_target& where, const esp_adam& s, int32_t criterion, tensors& list) {
  std::vector<esp_adam_item> items;
  for (auto& t : list) {
    items.push_back(t->adam_item());
    t->expect_adam(s, criterion);
  }
  ASSERT_OK(esp_adam_step(&where, items.data(), static_cast<int32_t>(items.size()), &s, criterion,
                          nullptr, nullptr));
}

std::vector<uint32_t> all_bits(const tensors& list) {
  std::vector<uint32_t> bits;
  for (const auto& t : list)
    for (const auto* values : {&t->weight, &t->first, &t->second, &t->score})
      for (const float v : values->host()) bits.push_back(bits_of(v));
  return bits;
}

const esp_sgd plain = {0.1, 0.0, 1.0, 0}, heavy = {0.1, 0.9, 1.0, 0}, ahead = {0.1, 0.9, 1.0, 1};
const esp_adam adam = {1e-3, 0.9, 0.999, 1e-8, 1.0, 1, 0},
               adamw = {1e-3, 0.9, 0.999, 1e-8, 1.0, 1, 1};

// A step number, where there is one.
void count_step(esp_sgd&, int64_t) {}
void count_step(esp_adam& s, int64_t number) {
  s.step = number;
}

class OptimTest : public KernelTest {
 protected:
  bool is_sgd() const { return std::string(GetParam().operation) == "sgd_step"; }

  // Calls body(settings) for every form of the rule under test.
  template <class Body>
  void for_each_form(Body&& body) {
    if (is_sgd())
      for (const esp_sgd& s : {plain, heavy, ahead}) body(s);
    else
      for (const esp_adam& s : {adam, adamw}) body(s);
  }

  template <class Rule>
  void check_one(const Rule& s, int64_t size, int64_t misaligned_by, bool masked, bool scored,
                 int32_t criterion, bool rough = false) {
    tensors list;
    list.push_back(std::make_unique<optim_tensor>(backend(), size, static_cast<uint32_t>(size),
                                                  masked, scored, misaligned_by, rough));
    list[0]->decay = size % 2 == 0 ? 0.01 : 0.0;
    step(target(), s, criterion, list);
    list[0]->check();
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, OptimTest, ::testing::ValuesIn(kernel_cases), case_name);

TEST_P(OptimTest, MovesEverySizeAndMisalignment) {
  for_each_form([&](const auto& s) {
    for (int64_t size : sizes_up_to(4097))
      for (int64_t misaligned_by : {0, 1, 3}) {
        check_one(s, size, misaligned_by, true, misaligned_by == 1, ESP_CRITERION_TAYLOR);
        check_one(s, size, misaligned_by, false, misaligned_by == 0, ESP_CRITERION_GRADIENT);
      }
  });
}

TEST_P(OptimTest, ScoresByEveryCriterionBeforeItMoves) {
  for_each_form([&](auto s) {
    s.gradient_scale = -0.375;
    for (int32_t criterion : criteria)
      for (bool masked : {false, true}) check_one(s, 1000, 0, masked, true, criterion);
  });
}

TEST_P(OptimTest, KeepsDenormals) {
  for_each_form([&](const auto& s) {
    for (bool masked : {false, true}) check_one(s, 3000, 1, masked, true, 3, true);
  });
}

// Learning rate and gradient scale change between the steps, as under a schedule and clipping.
TEST_P(OptimTest, FollowsManySteps) {
  for_each_form([&](auto s) {
    tensors list;
    for (int64_t size : {1, 33, 700}) {
      list.push_back(std::make_unique<optim_tensor>(backend(), size, static_cast<uint32_t>(size),
                                                    size != 33, true, 0));
      list.back()->decay = 5e-4;
    }
    for (int64_t number = 1; number <= 12; ++number) {
      count_step(s, number);
      s.learning_rate = 0.1 / static_cast<double>(number);
      s.gradient_scale = number % 3 == 0 ? -0.5 : 1.0 / static_cast<double>(number);
      step(target(), s, ESP_CRITERION_TAYLOR, list);
      for (auto& t : list) t->check();
    }
  });
}

TEST_P(OptimTest, MovesManyTensorsAlikeOnAnyNumberOfThreads) {
  for_each_form([&](const auto& s) {
    std::vector<uint32_t> first;
    for (int32_t threads : thread_counts()) {
      tensors list;
      for (int n = 0; n < 1100; ++n) {
        const int64_t size = n == 500 ? 140001 : n % 7 * 11;
        list.push_back(std::make_unique<optim_tensor>(backend(), size, static_cast<uint32_t>(n),
                                                      n % 3 != 0, n % 5 == 0, n % 4));
        list.back()->decay = n % 2 == 0 ? 1e-3 : 0.0;
      }
      step(target(threads), s, ESP_CRITERION_TAYLOR, list);
      for (auto& t : list) t->check();
      if (first.empty()) first = all_bits(list);
      ASSERT_EQ(first, all_bits(list)) << "depends on the number of threads: " << threads;
    }
  });
}

// Each operation is rounded on its own, so no two vector backends differ.
TEST_P(OptimTest, AgreesToTheBitWithAnotherVectorBackend) {
  if (backend() == ESP_BACKEND_REFERENCE) GTEST_SKIP() << "the reference computes in binary64";
  if (esp_backend_available(ESP_BACKEND_AVX2) == 0) GTEST_SKIP() << esp_last_message();
  for_each_form([&](const auto& s) {
    std::vector<std::vector<uint32_t>> results;
    for (const int32_t where : {backend(), ESP_BACKEND_AVX2}) {
      tensors list;
      list.push_back(std::make_unique<optim_tensor>(where, 5001, 3, true, true, 0));
      list[0]->decay = 0.02;
      for (int n = 0; n < 3; ++n) step({where, 1}, s, ESP_CRITERION_TAYLOR, list);
      list[0]->check();
      results.push_back(all_bits(list));
    }
    ASSERT_EQ(results[0], results[1]);
  });
}

// Masked places become zero whatever they hold; kept ones show what they were given.
TEST_P(OptimTest, ZeroesWhatIsMaskedAndKeepsNotANumber) {
  for_each_form([&](const auto& s) {
    const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
    std::vector<float> w, g;
    for (int n = 0; n < 17; ++n) {
      w.insert(w.end(), {nan, 1.0f, infinity, 1.0f, nan, 1.0f, infinity, 1.0f});
      g.insert(g.end(), {1.0f, nan, 1.0f, -infinity, 1.0f, nan, 1.0f, -infinity});
    }
    const auto count = static_cast<int64_t>(w.size());
    buffer<float> weight(backend(), w, 1), gradient(backend(), g, 1), score(backend(), g, 1);
    buffer<float> m(backend(), w, 1), v(backend(), std::vector<float>(w.size(), nan), 1);
    buffer<uint32_t> bits(backend(), std::vector<uint32_t>(5, 0x0f0f0f0fu), 1);
    const esp_target where = target();
    bool has_state = true;
    if constexpr (std::is_same_v<std::decay_t<decltype(s)>, esp_sgd>) {
      has_state = s.momentum > 0;
      const esp_sgd_item item = {weight.data(), gradient.data(), m.data(), bits.data(),
                                 score.data(),  count,           0.0};
      ASSERT_OK(esp_sgd_step(&where, &item, 1, &s, ESP_CRITERION_TAYLOR, nullptr, nullptr));
    } else {
      const esp_adam_item item = {weight.data(), gradient.data(), m.data(), v.data(),
                                  bits.data(),   score.data(),    count,    0.0};
      ASSERT_OK(esp_adam_step(&where, &item, 1, &s, ESP_CRITERION_TAYLOR, nullptr, nullptr));
    }
    weight.fetch();
    m.fetch();
    v.fetch();
    score.fetch();
    for (size_t i = 0; i < w.size(); ++i) {
      EXPECT_FALSE(std::isfinite(score.host()[i])) << i;
      if (i % 8 < 4) {
        EXPECT_FALSE(std::isfinite(weight.host()[i])) << i;
        continue;
      }
      EXPECT_EQ(0u, bits_of(weight.host()[i])) << i;
      const uint32_t state =
          (has_state ? bits_of(m.host()[i]) : 0u) | (is_sgd() ? 0u : bits_of(v.host()[i]));
      EXPECT_EQ(0u, state) << i;
    }
  });
}

// One step from given numbers, by hand.
TEST_P(OptimTest, AgreesWithOneStepByHand) {
  buffer<float> weight(backend(), {2.0f}), gradient(backend(), {0.5f});
  buffer<float> m(backend(), {1.0f}), v(backend(), {4.0f});
  const esp_target where = target();
  if (is_sgd()) {  // d = 2 * 0.5 + 0.25 * 2 = 1.5, v = 0.5 * 1 + 1.5 = 2, w = 2 - (1.5 + 1) / 4
    const esp_sgd s = {0.25, 0.5, 2.0, 1};
    const esp_sgd_item item = {weight.data(), gradient.data(), m.data(), nullptr, nullptr, 1, 0.25};
    ASSERT_OK(esp_sgd_step(&where, &item, 1, &s, 0, nullptr, nullptr));
    EXPECT_EQ(1.375f, weight.fetch()[0]);
    EXPECT_EQ(2.0f, m.fetch()[0]);
    return;
  }
  // d = 1, m = 0.5 + 0.5, v = 3 + 0.25; bias corrections 1 - 0.5^2 and 1 - 0.75^2.
  const esp_adam s = {0.25, 0.5, 0.75, 0.5, 2.0, 2, 1};
  const esp_adam_item item = {weight.data(), gradient.data(), m.data(), v.data(),
                              nullptr,       nullptr,         1,        0.5};
  ASSERT_OK(esp_adam_step(&where, &item, 1, &s, 0, nullptr, nullptr));
  EXPECT_EQ(1.0f, m.fetch()[0]);
  EXPECT_EQ(3.25f, v.fetch()[0]);
  const double expected = 2.0 * (1 - 0.25 * 0.5) - 0.25 / 0.75 / (std::sqrt(3.25 / 0.4375) + 0.5);
  EXPECT_NEAR(expected, weight.fetch()[0], 4 * float_epsilon);
}

TEST_P(OptimTest, RefusesBadArgumentsByName) {
  optim_tensor t(backend(), 8, 1, true, false, 0);
  const esp_target where = target();
  if (is_sgd()) {
    esp_sgd s = ahead;
    esp_sgd_item item = t.sgd_item();
    const auto refusal = [&] {
      EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_sgd_step(&where, &item, 1, &s, 0, nullptr, nullptr));
      return std::string(esp_last_message());
    };
    s.momentum = 1.0;
    EXPECT_EQ("esp_sgd_step: settings.momentum: expected 0 to below 1, got 1", refusal());
    s.momentum = 0.0;
    EXPECT_EQ("esp_sgd_step: settings.nesterov: expected 0 without momentum, got 1", refusal());
    s = ahead;
    item.momentum = nullptr;
    EXPECT_EQ("esp_sgd_step: items[0].momentum: expected a tensor, got NULL", refusal());
    item = t.sgd_item();
    item.weight_decay = -1.0;
    EXPECT_EQ(0u, refusal().rfind("esp_sgd_step: items[0].weight_decay: expected 0 to ", 0));
    EXPECT_EQ(0, esp_sgd_step_workspace_bytes(&where, 1));
    EXPECT_OK(esp_sgd_step(&where, nullptr, 0, &ahead, 0, nullptr, nullptr));
    return;
  }
  esp_adam s = adam;
  const esp_adam_item item = t.adam_item();
  const auto refusal = [&](int32_t criterion) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT,
              esp_adam_step(&where, &item, 1, &s, criterion, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  EXPECT_EQ("esp_adam_step: criterion: expected 0 to 3, got 4", refusal(4));
  s.step = 0;
  EXPECT_EQ("esp_adam_step: settings.step: expected at least 1, got 0", refusal(0));
  s.beta2 = std::nan("");
  EXPECT_EQ("esp_adam_step: settings.beta2: expected 0 to below 1, got nan", refusal(0));
  EXPECT_EQ(0, esp_adam_step_workspace_bytes(&where, 1));
  EXPECT_OK(esp_adam_step(&where, nullptr, 0, &adam, 0, nullptr, nullptr));
}

}  // namespace
}  // namespace espalier::test
