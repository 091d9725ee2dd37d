#include <xmmintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/testing/kernel_test.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/select/kernels.inc"
};

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> sorted(const std::vector<std::vector<float>>& tensors) {
  std::vector<float> all;
  for (const auto& t : tensors) all.insert(all.end(), t.begin(), t.end());
  std::stable_sort(all.begin(), all.end());
  return all;
}

class SelectTest : public KernelTest {
 protected:
  void hold(const std::vector<std::vector<float>>& tensors) {
    buffers_.clear();
    items_.clear();
    for (size_t n = 0; n < tensors.size(); ++n) {
      const auto misaligned_by = static_cast<int64_t>(n % 4);
      buffers_.push_back(std::make_unique<buffer<float>>(backend(), tensors[n], misaligned_by));
      items_.push_back({buffers_.back()->data(), buffers_.back()->size()});
    }
  }

  esp_selection select(int64_t k, int32_t threads) {
    const esp_target where = target(threads);
    const auto count = static_cast<int32_t>(items_.size());
    workspace scratch(backend(), esp_select_workspace_bytes(&where, items_.data(), count));
    buffer<esp_selection> result(backend(), {{-7.0f, -7, -7, -7, -7}});
    EXPECT_OK(esp_select(&where, items_.data(), count, k, result.data(), scratch.data(), nullptr));
    result.fetch();
    EXPECT_TRUE(result.guards_intact());
    EXPECT_TRUE(scratch.guards_intact());
    return result.host()[0];
  }

  void expect_selection(const std::vector<float>& order, int64_t k) {
    SCOPED_TRACE("k = " + std::to_string(k) + " of " + std::to_string(order.size()));
    float value = -infinity;
    int64_t below = 0;
    if (k > 0) {
      value = order[static_cast<size_t>(k - 1)] + 0.0f;  // -0 becomes +0
      below = std::lower_bound(order.begin(), order.end(), value) - order.begin();
    }
    for (int32_t threads : thread_counts()) {
      const esp_selection s = select(k, threads);
      ASSERT_EQ(-1, s.nan_item);
      ASSERT_EQ(bits_of(value), bits_of(s.value)) << value << " against " << s.value;
      ASSERT_EQ(below, s.below);
      ASSERT_EQ(k - below, s.ties);
    }
  }

  // Compares with a stable sort at the ends, the middle and around every boundary that `ks` names.
  void check(const std::vector<std::vector<float>>& tensors, std::vector<int64_t> ks = {}) {
    hold(tensors);
    const std::vector<float> order = sorted(tensors);
    const auto total = static_cast<int64_t>(order.size());
    for (int64_t k : {int64_t{0}, int64_t{1}, total / 2, total - 1, total}) ks.push_back(k);
    for (int64_t k : ks)
      if (k >= 0 && k <= total) expect_selection(order, k);
  }

  std::vector<std::unique_ptr<buffer<float>>> buffers_;
  std::vector<esp_select_item> items_;
};
INSTANTIATE_KERNEL_SUITE(SelectTest, select);

TEST_P(SelectTest, AgreesWithSortingAtEverySize) {
  for (int64_t size : sizes_up_to(1025)) check({rough_values(size, static_cast<uint32_t>(size))});
}

TEST_P(SelectTest, FindsEveryRankOfExtremeValues) {
  std::vector<float> values = extreme_values();
  values.insert(values.end(), extreme_values().begin(), extreme_values().end());
  std::vector<int64_t> ranks(values.size() + 1);
  std::iota(ranks.begin(), ranks.end(), 0);
  check({values}, ranks);
}

TEST_P(SelectTest, KeepsDenormalsApart) {
  std::vector<float> values;
  for (uint32_t bits = 1; bits <= 600; ++bits) {
    float value;
    const uint32_t word = bits * 13;
    std::memcpy(&value, &word, sizeof value);
    values.push_back(bits % 2 == 0 ? value : -value);
  }
  check({values}, {299, 300, 301, 302});
}

TEST_P(SelectTest, KeepsDenormalsApartWhereTheyAreFlushedToZero) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  hold({{3 * tiny, -2 * tiny, tiny, 0.0f, 2 * tiny}});
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(mode | _MM_FLUSH_ZERO_ON | 0x40);  // 0x40: denormal operands count as zero
  const esp_selection lowest = select(1, 1), third = select(3, 1);
  _mm_setcsr(mode);
  EXPECT_EQ(bits_of(-2 * tiny), bits_of(lowest.value));
  EXPECT_EQ(bits_of(tiny), bits_of(third.value));
  EXPECT_EQ(2, third.below);
}

TEST_P(SelectTest, CountsTiesOfEqualValues) {
  for (float value : {0.25f, -0.25f, 0.0f, -0.0f, infinity, -infinity})
    check({std::vector<float>(40000, value), std::vector<float>(30000, value)},
          {39999, 40000, 40001});
}

TEST_P(SelectTest, EqualsNegativeAndPositiveZero) {
  std::vector<float> values = {-1.0f, -0.0f, 0.0f, -0.0f, 0.0f, 1.0f};
  check({values}, {1, 2, 3, 4, 5, 6});
}

TEST_P(SelectTest, FindsRanksAroundTies) {
  std::vector<float> values;
  for (int i = 0; i < 5000; ++i) values.push_back(static_cast<float>(i % 7) - 3.0f);
  check({values}, {713, 714, 715, 716, 1429, 1430, 4285, 4286, 4287});
}

TEST_P(SelectTest, ReadsManyTinyAndEmptyTensors) {
  std::vector<std::vector<float>> tensors;
  for (uint32_t n = 0; n < 1150; ++n) tensors.push_back(random_values(n % 4, n));
  hold(tensors);
  const std::vector<float> order = sorted(tensors);
  for (int64_t k : {1000, 1333}) expect_selection(order, k);
  check({{}, {}, {3.0f}, {}});
}

TEST_P(SelectTest, AcceptsNoElements) {
  check({});
  check({{}, {}});
}

TEST_P(SelectTest, AgreesWithSortingOverAMillionElements) {
  std::vector<std::vector<float>> tensors = {random_values(700001, 1),
                                             {},
                                             random_values(250000, 2),
                                             random_values(5, 3),
                                             random_values(99999, 4)};
  for (float& v : tensors[2]) v = std::fabs(v) * 1e-3f;
  hold(tensors);
  const std::vector<float> order = sorted(tensors);
  for (int64_t k : {100000, 900000}) expect_selection(order, k);
}

TEST_P(SelectTest, NarrowsWithinOneBin) {
  std::vector<float> values(100000);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t bits = 0x3f800000u + static_cast<uint32_t>(i * 7919 % values.size() % 3000);
    std::memcpy(&values[i], &bits, sizeof bits);
  }
  check({values}, {33, 34, 35, 66666});
}

TEST_P(SelectTest, ReportsTheFirstNotANumber) {
  std::vector<std::vector<float>> tensors = {
      random_values(70000, 1), {}, random_values(90000, 2), random_values(100, 3)};
  tensors[2][80001] = std::nanf("");
  tensors[2][80002] = -std::nanf("");
  tensors[3][0] = std::nanf("");
  const auto expect_first = [&](int32_t item, int64_t index) {
    hold(tensors);
    for (int64_t k : {0, 1, 5000})
      for (int32_t threads : thread_counts()) {
        const esp_selection s = select(k, threads);
        ASSERT_EQ(item, s.nan_item);
        ASSERT_EQ(index, s.nan_index);
      }
  };
  expect_first(2, 80001);
  tensors[2][0] = -std::nanf("");
  expect_first(2, 0);
  tensors[0][69999] = std::nanf("");
  expect_first(0, 69999);
}

TEST_P(SelectTest, RefusesBadArgumentsByName) {
  hold({random_values(8, 1)});
  const esp_target where = target();
  workspace scratch(backend(), esp_select_workspace_bytes(&where, items_.data(), 1));
  buffer<esp_selection> result(backend(), {esp_selection{}});
  const auto refusal = [&](int64_t k, esp_selection* selection, void* memory) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT,
              esp_select(&where, items_.data(), 1, k, selection, memory, nullptr));
    return std::string(esp_last_message());
  };
  EXPECT_EQ("esp_select: k: expected 0 to 8 (all elements), got 9",
            refusal(9, result.data(), scratch.data()));
  EXPECT_EQ("esp_select: k: expected 0 to 8 (all elements), got -1",
            refusal(-1, result.data(), scratch.data()));
  EXPECT_EQ("esp_select: selection: expected a result to write, got NULL",
            refusal(1, nullptr, scratch.data()));
  if (scratch.data() != nullptr) {
    EXPECT_NE(std::string::npos, refusal(1, result.data(), nullptr).find("workspace: expected"));
  }
  items_[0].count = int64_t{1} << 62;
  EXPECT_EQ(0u, refusal(1, result.data(), scratch.data())
                    .rfind("esp_select: items[0]: expected a size of at most 2^40", 0));
  items_[0].count = 8;
  items_[0].score = nullptr;
  EXPECT_EQ("esp_select: items[0].score: expected a tensor, got NULL",
            refusal(1, result.data(), scratch.data()));
}

}  // namespace
}  // namespace espalier::test
