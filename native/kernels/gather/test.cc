#include <memory>
#include <numeric>
#include <random>

#include "base/testing/kernel_test.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/gather/kernels.inc"
};

struct shape {
  int64_t outer, axis0, middle, axis1, inner_bytes;
};

// `keep` ascending indices below `axis`, or all of them in a random order with repeats.
std::vector<int64_t> some_indices(int64_t axis, int64_t keep, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<int64_t> index(static_cast<size_t>(axis));
  std::iota(index.begin(), index.end(), 0);
  while (static_cast<int64_t>(index.size()) > keep)
    index.erase(index.begin() + static_cast<int64_t>(generator() % index.size()));
  if (seed % 3 == 0)
    for (int64_t& i : index) i = static_cast<int64_t>(generator()) % axis;
  return index;
}

std::vector<uint8_t> random_bytes(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<uint8_t> values(static_cast<size_t>(count));
  for (uint8_t& v : values) v = static_cast<uint8_t>(generator());
  return values;
}

// One tensor and the axes that lose indices; `keep` below 0 leaves the axis whole.
struct tensor {
  tensor(int32_t where, shape s, int64_t keep0, int64_t keep1, uint32_t seed)
      : size(s),
        index0(where, keep0 < 0 ? std::vector<int64_t>{} : some_indices(s.axis0, keep0, seed)),
        index1(where, keep1 < 0 ? std::vector<int64_t>{} : some_indices(s.axis1, keep1, seed + 1)),
        out0(keep0 < 0 ? s.axis0 : index0.size()),
        out1(keep1 < 0 ? s.axis1 : index1.size()),
        has0(keep0 >= 0),
        has1(keep1 >= 0),
        in(where, random_bytes(s.outer * s.axis0 * s.middle * s.axis1 * s.inner_bytes, seed),
           seed % 2 * 4),
        out(where,
            std::vector<uint8_t>(
                static_cast<size_t>(s.outer * out0 * s.middle * out1 * s.inner_bytes), 0xcd),
            seed % 5 == 0 ? 3 : 0) {}

  esp_gather_item item() {
    return {in.data(),
            out.data(),
            has0 ? index0.data() : nullptr,
            has1 ? index1.data() : nullptr,
            size.outer,
            size.axis0,
            out0,
            size.middle,
            size.axis1,
            out1,
            size.inner_bytes};
  }

  void expect_gathered() {
    out.fetch();
    ASSERT_TRUE(out.guards_intact());
    size_t at = 0;
    for (int64_t o = 0; o < size.outer; ++o)
      for (int64_t i = 0; i < out0; ++i)
        for (int64_t m = 0; m < size.middle; ++m)
          for (int64_t j = 0; j < out1; ++j)
            for (int64_t b = 0; b < size.inner_bytes; ++b, ++at) {
              const int64_t i0 = has0 ? index0.host()[static_cast<size_t>(i)] : i;
              const int64_t i1 = has1 ? index1.host()[static_cast<size_t>(j)] : j;
              const int64_t cell = ((o * size.axis0 + i0) * size.middle + m) * size.axis1 + i1;
              ASSERT_EQ(in.host()[static_cast<size_t>(cell * size.inner_bytes + b)], out.host()[at])
                  << "[" << size.outer << ", " << size.axis0 << "->" << out0 << ", " << size.middle
                  << ", " << size.axis1 << "->" << out1 << "] x " << size.inner_bytes << " at ["
                  << o << ", " << i << ", " << m << ", " << j << "] byte " << b;
            }
  }

  shape size;
  buffer<int64_t> index0, index1;
  int64_t out0, out1;
  bool has0, has1;
  buffer<uint8_t> in, out;
};

class GatherTest : public KernelTest {
 protected:
  void check(shape s, int64_t keep0, int64_t keep1) {
    for (int32_t threads : thread_counts()) {
      tensor t(backend(), s, keep0, keep1, seed_++);
      const esp_gather_item item = t.item();
      const esp_target where = target(threads);
      ASSERT_OK(esp_gather(&where, &item, 1, nullptr, nullptr));
      t.expect_gathered();
    }
  }

 private:
  uint32_t seed_ = 0;
};
INSTANTIATE_KERNEL_SUITE(GatherTest, gather);

TEST_P(GatherTest, RemovesFromOneAxis) {
  for (int64_t inner :
       {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 36, 63, 64, 65, 100, 127, 128, 129})
    for (int64_t keep : {0, 1, 5, 9}) {
      check({3, 9, 1, 1, inner}, keep, -1);
      check({1, 2, 3, 9, inner}, -1, keep);
    }
}

TEST_P(GatherTest, RemovesFromTwoAxesAtOnce) {
  for (int64_t inner : {1, 4, 8, 36, 100})
    for (int64_t middle : {1, 3}) {
      check({2, 17, middle, 33, inner}, 9, 16);
      check({1, 64, middle, 64, inner}, 63, 33);
    }
}

TEST_P(GatherTest, CopiesWithoutAnIndex) {
  check({2, 3, 4, 5, 6}, -1, -1);
}

TEST_P(GatherTest, GathersLargeTensorsInParallel) {
  check({1, 256, 1, 256, 36}, 130, 200);
  check({1, 1000, 1, 1, 1024}, 700, -1);
  check({1, 300, 1, 700, 4}, -1, 400);
}

TEST_P(GatherTest, TakesEmptyTensors) {
  check({0, 4, 2, 3, 4}, 2, 2);
  check({2, 4, 0, 3, 4}, 2, -1);
  check({2, 4, 2, 0, 4}, 2, -1);
}

TEST_P(GatherTest, GathersManyTensorsInOneCall) {
  for (int32_t threads : thread_counts()) {
    std::vector<std::unique_ptr<tensor>> tensors;
    std::vector<esp_gather_item> items;
    for (uint32_t n = 0; n < 400; ++n) {
      const int64_t channels = n % 9;
      tensors.push_back(std::make_unique<tensor>(backend(),
                                                 shape{1, channels, 1, n % 7, n % 3 == 0 ? 36 : 4},
                                                 channels / 2, -1, 3 * n + 1));
      items.push_back(tensors.back()->item());
    }
    const esp_target where = target(threads);
    ASSERT_OK(
        esp_gather(&where, items.data(), static_cast<int32_t>(items.size()), nullptr, nullptr));
    for (auto& t : tensors) t->expect_gathered();
  }
}

TEST_P(GatherTest, RefusesBadArgumentsByName) {
  const esp_target where = target();
  tensor t(backend(), {1, 8, 1, 4, 4}, 8, -1, 1);
  const auto refusal = [&](const esp_gather_item& item) {
    EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_gather(&where, &item, 1, nullptr, nullptr));
    return std::string(esp_last_message());
  };
  esp_gather_item item = t.item();
  item.out_axis1 = 3;
  EXPECT_EQ("esp_gather: items[0].out_axis1: expected axis1 = 4 without an index, got 3",
            refusal(item));
  item = t.item();
  item.inner_bytes = 0;
  EXPECT_EQ("esp_gather: items[0].inner_bytes: expected at least 1, got 0", refusal(item));
  item = t.item();
  item.out = nullptr;
  EXPECT_EQ("esp_gather: items[0]: expected no null pointer (128 bytes), got NULL", refusal(item));
  item = t.item();
  item.outer = int64_t{1} << 60;
  EXPECT_EQ(0u, refusal(item).rfind("esp_gather: items[0]: expected at most 2^40 bytes", 0));
  if (is_cuda()) return;
  item = t.item();
  item.axis0 = 7;
  EXPECT_EQ("esp_gather: items[0].index0[7]: expected 0 to 6, got 7", refusal(item));
  EXPECT_EQ(0, esp_gather_workspace_bytes(&where, 3));
}

}  // namespace
}  // namespace espalier::test
