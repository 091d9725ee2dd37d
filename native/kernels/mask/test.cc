#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "base/testing/kernel_test.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/mask/kernels.inc"
};

size_t words_of(int64_t count) {
  return static_cast<size_t>((count + 31) / 32);
}

bool bit_of(const std::vector<uint32_t>& bits, int64_t i) {
  return (bits[static_cast<size_t>(i / 32)] >> (i % 32) & 1u) != 0;
}

// Bits in which about half are ones; bits past `count` are 0.
std::vector<uint32_t> random_bits(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<uint32_t> bits(words_of(count));
  for (uint32_t& word : bits) word = generator();
  if (count % 32 != 0) bits.back() &= (1u << (count % 32)) - 1u;
  return bits;
}

std::vector<uint32_t> garbage_words(int64_t count) {
  return std::vector<uint32_t>(words_of(count), 0xcdcdcdcdu);
}

// ---- build --------------------------------------------------------------------------------------

class MaskBuildTest : public KernelTest {
 protected:
  struct tensor {
    tensor(int32_t where, std::vector<float> scores, int64_t misaligned_by)
        : score(where, std::move(scores), misaligned_by),
          bits(where, garbage_words(score.size()), misaligned_by) {}
    buffer<float> score;
    buffer<uint32_t> bits;
  };

  // Selects the k lowest of all scores by sorting, builds the masks and compares every bit.
  void check(const std::vector<std::vector<float>>& scores, int64_t k) {
    struct place {
      float value;
      size_t item, index;
    };
    std::vector<place> order;
    for (size_t n = 0; n < scores.size(); ++n)
      for (size_t i = 0; i < scores[n].size(); ++i) order.push_back({scores[n][i], n, i});
    std::stable_sort(order.begin(), order.end(),
                     [](const place& a, const place& b) { return a.value < b.value; });
    esp_selection selection = {-std::numeric_limits<float>::infinity(), -1, 0, 0, 0};
    if (k > 0) selection.value = order[static_cast<size_t>(k - 1)].value;
    for (int64_t i = 0; i < k; ++i)
      ++(order[static_cast<size_t>(i)].value < selection.value ? selection.below : selection.ties);
    std::vector<std::vector<bool>> kept;
    for (const auto& s : scores) kept.emplace_back(s.size(), true);
    for (int64_t i = 0; i < k; ++i) {
      const place& pruned = order[static_cast<size_t>(i)];
      kept[pruned.item][pruned.index] = false;
    }
    build_and_compare(scores, selection, kept);
  }

  void build_and_compare(const std::vector<std::vector<float>>& scores,
                         const esp_selection& selection,
                         const std::vector<std::vector<bool>>& kept) {
    buffer<esp_selection> chosen(backend(), {selection});
    for (int32_t threads : thread_counts()) {
      std::vector<std::unique_ptr<tensor>> tensors;
      std::vector<esp_mask_build_item> items;
      for (const auto& s : scores) {
        tensors.push_back(
            std::make_unique<tensor>(backend(), s, static_cast<int64_t>(items.size() % 3)));
        tensor& t = *tensors.back();
        items.push_back({t.score.data(), t.bits.data(), t.score.size()});
      }
      const esp_target where = target(threads);
      const auto count = static_cast<int32_t>(items.size());
      workspace scratch(backend(), esp_mask_build_workspace_bytes(&where, items.data(), count));
      ASSERT_OK(
          esp_mask_build(&where, items.data(), count, chosen.data(), scratch.data(), nullptr));
      ASSERT_TRUE(scratch.guards_intact());
      for (size_t n = 0; n < tensors.size(); ++n) expect_bits(*tensors[n], kept[n], n);
    }
  }

  void expect_bits(tensor& t, const std::vector<bool>& kept, size_t item) {
    t.bits.fetch();
    ASSERT_TRUE(t.bits.guards_intact());
    for (int64_t i = 0; i < 32 * t.bits.size(); ++i) {
      const bool expected = i < t.score.size() && kept[static_cast<size_t>(i)];
      ASSERT_EQ(expected, bit_of(t.bits.host(), i))
          << "item " << item << " bit " << i << " of " << t.score.size();
    }
  }
};
INSTANTIATE_KERNEL_SUITE(MaskBuildTest, mask_build);

TEST_P(MaskBuildTest, KeepsAllButTheLowest) {
  for (int64_t size : sizes_up_to(2049))
    for (int64_t k : {int64_t{0}, size / 3, size})
      check({rough_values(size, static_cast<uint32_t>(size))}, k);
}

TEST_P(MaskBuildTest, ResolvesTiesInOrderAcrossItems) {
  std::vector<std::vector<float>> scores;
  for (int64_t size : {70000, 0, 31, 33, 9000, 1, 40000}) {
    std::vector<float> values = random_values(size, static_cast<uint32_t>(size));
    for (float& v : values) v = std::floor(3 * v);
    scores.push_back(std::move(values));
  }
  for (int64_t k : {1, 25000, 60000, 110000, 119065}) check(scores, k);
}

TEST_P(MaskBuildTest, TakesTiesOfOneChunkFromItsStart) {
  for (int64_t k : {1, 31, 32, 33, 8191, 8192, 8193, 32768, 32769, 70000, 99999})
    check({std::vector<float>(100000, 0.5f)}, k);
}

TEST_P(MaskBuildTest, TreatsZerosOfBothSignsAsEqual) {
  std::vector<float> zeros(300, 0.0f);
  for (size_t i = 0; i < zeros.size(); i += 3) zeros[i] = -0.0f;
  check({zeros, zeros}, 350);
}

TEST_P(MaskBuildTest, BuildsManyMasksInOneCall) {
  std::vector<std::vector<float>> scores;
  for (int n = 0; n < 1100; ++n)
    scores.push_back(n == 600 ? std::vector<float>(20000, 0.0f)
                              : std::vector<float>(static_cast<size_t>(n % 5 * 9), 0.0f));
  check(scores, 25000);
}

TEST_P(MaskBuildTest, RefusesOrKeepsAllUnderASelectionWithNaN) {
  const esp_selection selection = {0.5f, 0, 3, 2, 1};
  std::vector<float> scores = random_values(100, 1);
  if (is_cuda()) {
    build_and_compare({scores}, selection, {std::vector<bool>(100, true)});
    return;
  }
  tensor t(backend(), scores, 0);
  const esp_mask_build_item item = {t.score.data(), t.bits.data(), 100};
  const esp_target where = target();
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_mask_build(&where, &item, 1, &selection, nullptr, nullptr));
  EXPECT_STREQ(
      "esp_mask_build: selection: expected scores that are numbers, got NaN in item 0 at index 3",
      esp_last_message());
}

TEST_P(MaskBuildTest, RefusesBadArgumentsByName) {
  const esp_target where = target();
  const esp_selection selection = {0.5f, -1, 0, 0, 0};
  esp_mask_build_item item = {nullptr, nullptr, 5};
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_mask_build(&where, &item, 1, &selection, nullptr, nullptr));
  EXPECT_STREQ("esp_mask_build: items[0]: expected no null pointer (count 5), got NULL",
               esp_last_message());
  item.count = -1;
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_mask_build(&where, &item, 1, &selection, nullptr, nullptr));
  EXPECT_STREQ("esp_mask_build: items[0].count: expected at least 0, got -1", esp_last_message());
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_mask_build(&where, nullptr, 0, nullptr, nullptr, nullptr));
  EXPECT_STREQ("esp_mask_build: selection: expected a selection, got NULL", esp_last_message());
  EXPECT_OK(esp_mask_build(&where, nullptr, 0, &selection, nullptr, nullptr));
}

// ---- conversions --------------------------------------------------------------------------------

class MaskPackTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(MaskPackTest, mask_pack);

TEST_P(MaskPackTest, PacksEverySizeAndAnyNonZeroByte) {
  for (int64_t size : sizes_up_to(70000)) {
    const std::vector<uint32_t> expected = random_bits(size, static_cast<uint32_t>(size));
    std::vector<uint8_t> values(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i)
      if (bit_of(expected, i)) values[static_cast<size_t>(i)] = static_cast<uint8_t>(i % 255 + 1);
    buffer<uint8_t> bytes(backend(), values, 3);
    for (int32_t threads : thread_counts()) {
      buffer<uint32_t> bits(backend(), garbage_words(size), 1);
      const esp_mask_pack_item item = {bytes.data(), bits.data(), size};
      const esp_target where = target(threads);
      ASSERT_OK(esp_mask_pack(&where, &item, 1, nullptr, nullptr));
      ASSERT_EQ(expected, bits.fetch()) << "size " << size;
      ASSERT_TRUE(bits.guards_intact());
    }
  }
}

class MaskUnpackTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(MaskUnpackTest, mask_unpack);

TEST_P(MaskUnpackTest, UnpacksEverySizeToZeroAndOne) {
  for (int64_t size : sizes_up_to(70000)) {
    buffer<uint32_t> bits(backend(), random_bits(size, static_cast<uint32_t>(size)), 1);
    for (int32_t threads : thread_counts()) {
      buffer<uint8_t> bytes(backend(), std::vector<uint8_t>(static_cast<size_t>(size), 0xcd), 3);
      const esp_mask_pack_item item = {bytes.data(), bits.data(), size};
      const esp_target where = target(threads);
      ASSERT_OK(esp_mask_unpack(&where, &item, 1, nullptr, nullptr));
      bytes.fetch();
      ASSERT_TRUE(bytes.guards_intact());
      for (int64_t i = 0; i < size; ++i)
        ASSERT_EQ(bit_of(bits.host(), i) ? 1 : 0, bytes.host()[static_cast<size_t>(i)])
            << "element " << i << " of " << size;
    }
  }
}

// ---- apply --------------------------------------------------------------------------------------

class MaskApplyTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(MaskApplyTest, mask_apply);

// Values of every kind, not-a-number and infinity among them, under many masks at once.
TEST_P(MaskApplyTest, ZeroesWhatIsMaskedWhateverItIs) {
  for (int32_t threads : thread_counts()) {
    std::vector<std::unique_ptr<buffer<float>>> values;
    std::vector<std::unique_ptr<buffer<uint32_t>>> masks;
    std::vector<esp_mask_apply_item> items;
    std::vector<int64_t> sizes = sizes_up_to(70000);
    for (int n = 0; n < 1050; ++n) sizes.push_back(n % 40);
    for (int64_t size : sizes) {
      const auto seed = static_cast<uint32_t>(items.size());
      std::vector<float> v = rough_values(size, seed);
      for (size_t i = 0; i < v.size(); i += 7) v[i] = std::nanf("");
      std::vector<uint32_t> bits = random_bits(size, seed);
      if (bits.size() > 4) bits[1] = ~0u, bits[2] = 0;
      values.push_back(std::make_unique<buffer<float>>(backend(), v, seed % 4));
      masks.push_back(std::make_unique<buffer<uint32_t>>(backend(), bits, seed % 2));
      items.push_back({values.back()->data(), masks.back()->data(), size});
    }
    const esp_target where = target(threads);
    ASSERT_OK(
        esp_mask_apply(&where, items.data(), static_cast<int32_t>(items.size()), nullptr, nullptr));
    for (size_t n = 0; n < items.size(); ++n) {
      const std::vector<float> before = values[n]->host();
      values[n]->fetch();
      ASSERT_TRUE(values[n]->guards_intact());
      for (int64_t i = 0; i < sizes[n]; ++i) {
        const auto at = static_cast<size_t>(i);
        ASSERT_EQ(bit_of(masks[n]->host(), i) ? bits_of(before[at]) : 0u,
                  bits_of(values[n]->host()[at]))
            << "item " << n << " element " << i << " of " << sizes[n];
      }
    }
  }
}

// ---- count --------------------------------------------------------------------------------------

class MaskCountTest : public KernelTest {};
INSTANTIATE_KERNEL_SUITE(MaskCountTest, mask_count);

TEST_P(MaskCountTest, CountsOnesPerItem) {
  std::vector<std::unique_ptr<buffer<uint32_t>>> masks;
  std::vector<esp_mask_count_item> items;
  std::vector<int64_t> expected;
  std::vector<int64_t> sizes = sizes_up_to(140000);
  for (int n = 0; n < 1050; ++n) sizes.push_back(n % 70);
  for (int64_t size : sizes) {
    const auto seed = static_cast<uint32_t>(items.size());
    masks.push_back(
        std::make_unique<buffer<uint32_t>>(backend(), random_bits(size, seed), seed % 2));
    items.push_back({masks.back()->data(), size});
    int64_t ones = 0;
    for (uint32_t word : masks.back()->host()) ones += __builtin_popcount(word);
    expected.push_back(ones);
  }
  for (int32_t threads : thread_counts()) {
    buffer<int64_t> kept(backend(), std::vector<int64_t>(items.size(), -1));
    const esp_target where = target(threads);
    ASSERT_OK(esp_mask_count(&where, items.data(), static_cast<int32_t>(items.size()), kept.data(),
                             nullptr, nullptr));
    ASSERT_EQ(expected, kept.fetch());
    ASSERT_TRUE(kept.guards_intact());
  }
}

TEST_P(MaskCountTest, RefusesBadArgumentsByName) {
  const esp_target where = target();
  const esp_mask_count_item item = {nullptr, 0};
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_mask_count(&where, &item, 1, nullptr, nullptr, nullptr));
  EXPECT_STREQ("esp_mask_count: kept: expected int64 of 1 items, got NULL", esp_last_message());
  EXPECT_EQ(0, esp_mask_workspace_bytes(&where, 100));
  esp_mask_count_item wrong = {reinterpret_cast<void*>(6), 8};
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_mask_count(&where, &wrong, 1, nullptr, nullptr, nullptr));
  EXPECT_NE(nullptr, std::strstr(esp_last_message(), "items[0].bits: expected an address"));
}

}  // namespace
}  // namespace espalier::test
