// What the calls ask of a device, seen through the SIMT shim: every launch on the caller's stream,
// no look at device memory from the host, nothing that a graph capture forbids.
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/simt/observer.h"
#include "base/testing/kernel_test.h"
#include "library/test_device_memory.h"

namespace espalier::test {
namespace {

device_memory* memory = nullptr;
std::vector<std::string> names;
std::vector<void*> streams;
size_t most_parameter_bytes = 0;

const simt::observer watch = {[](const char* name, void* stream, size_t parameter_bytes) {
                                names.push_back(name);
                                streams.push_back(stream);
                                most_parameter_bytes =
                                    std::max(most_parameter_bytes, parameter_bytes);
                                memory->open();
                              },
                              [] { memory->seal(); }};

template <class Function>
Function* simt_function(const char* name) {
  void* library = dlopen(ESPALIER_TEST_CUDA_LIBRARY, RTLD_NOW | RTLD_NOLOAD);
  return reinterpret_cast<Function*>(dlsym(library, name));
}

class DeviceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open_cuda_library();
    memory = &memory_;
    simt_function<decltype(espalier_simt_observe)>("espalier_simt_observe")(&watch);
    streams.clear();
    names.clear();
  }
  void TearDown() override {
    simt_function<decltype(espalier_simt_observe)>("espalier_simt_observe")(nullptr);
    EXPECT_LE(most_parameter_bytes, 32764u) << "the parameters of one launch";
  }

  // Runs one call with its workspace on a stream of its own; all its work must be there.
  template <class Call>
  void expect_on_stream(int64_t workspace_bytes, Call&& call) {
    ASSERT_GE(workspace_bytes, 0) << esp_last_message();
    void* const workspace = workspace_bytes == 0 ? nullptr : memory_.take(workspace_bytes);
    void* const stream = reinterpret_cast<void*>(++next_stream_);
    streams.clear();
    ASSERT_OK(call(workspace, stream));
    ASSERT_FALSE(streams.empty());
    for (size_t i = 0; i < streams.size(); ++i) ASSERT_EQ(stream, streams[i]) << names[i];
  }

  const esp_target cuda_ = {ESP_BACKEND_CUDA, 1};
  device_memory memory_;
  uintptr_t next_stream_ = 0x1000;
};

TEST_F(DeviceTest, EndsATestWhoseHostLooksAtDeviceMemory) {
  const int* const hidden = memory_.put(std::vector<int>{1});
  EXPECT_DEATH(
      {
        const int value = *const_cast<const volatile int*>(hidden);
        std::fprintf(stderr, "%d", value);
      },
      "");
}

struct tensor {
  int64_t count;
  float *weight, *gradient, *score, *momentum, *square;
  uint32_t* bits;
};

// Score, select, mask, count, optimise and gather: one pruning step. Only the selection and the
// counts reach the host, and only because this test copies them.
TEST_F(DeviceTest, PrunesWithoutLookingAtTheDevice) {
  std::vector<tensor> tensors;
  std::vector<esp_score_item> scores;
  std::vector<esp_select_item> selects;
  std::vector<esp_mask_build_item> builds;
  std::vector<esp_mask_count_item> counts;
  std::vector<esp_mask_apply_item> applies;
  std::vector<esp_mask_pack_item> packs;
  std::vector<esp_sgd_item> sgds;
  std::vector<esp_adam_item> adams;
  int64_t total = 0;
  for (int64_t count : {5000, 1, 33000, 70}) {
    const auto values = [&](uint32_t seed) { return memory_.put(random_values(count, seed)); };
    const tensor t = {count,
                      values(1),
                      values(2),
                      values(3),
                      memory_.put(std::vector<float>(static_cast<size_t>(count))),
                      memory_.put(std::vector<float>(static_cast<size_t>(count))),
                      static_cast<uint32_t*>(memory_.take((count + 31) / 32 * 4))};
    tensors.push_back(t);
    scores.push_back({t.weight, t.gradient, t.score, count});
    selects.push_back({t.score, count});
    builds.push_back({t.score, t.bits, count});
    counts.push_back({t.bits, count});
    applies.push_back({t.weight, t.bits, count});
    packs.push_back({memory_.take(count), t.bits, count});
    sgds.push_back({t.weight, t.gradient, t.momentum, t.bits, t.score, count, 0.01});
    adams.push_back({t.weight, t.gradient, t.momentum, t.square, t.bits, nullptr, count, 0.0});
    total += count;
  }
  const auto n = static_cast<int32_t>(tensors.size());
  const int64_t k = total / 3;
  expect_on_stream(esp_score_workspace_bytes(&cuda_, n), [&](void* workspace, void* stream) {
    return esp_score(&cuda_, scores.data(), n, ESP_CRITERION_TAYLOR, workspace, stream);
  });
  auto* selection = static_cast<esp_selection*>(memory_.take(sizeof(esp_selection)));
  expect_on_stream(esp_select_workspace_bytes(&cuda_, selects.data(), n),
                   [&](void* workspace, void* stream) {
                     return esp_select(&cuda_, selects.data(), n, k, selection, workspace, stream);
                   });
  expect_on_stream(esp_mask_build_workspace_bytes(&cuda_, builds.data(), n),
                   [&](void* workspace, void* stream) {
                     return esp_mask_build(&cuda_, builds.data(), n, selection, workspace, stream);
                   });
  auto* kept = static_cast<int64_t*>(memory_.take(8 * n));
  const int64_t mask_bytes = esp_mask_workspace_bytes(&cuda_, n);
  expect_on_stream(mask_bytes, [&](void* workspace, void* stream) {
    return esp_mask_count(&cuda_, counts.data(), n, kept, workspace, stream);
  });
  expect_on_stream(mask_bytes, [&](void* workspace, void* stream) {
    return esp_mask_unpack(&cuda_, packs.data(), n, workspace, stream);
  });
  expect_on_stream(mask_bytes, [&](void* workspace, void* stream) {
    return esp_mask_pack(&cuda_, packs.data(), n, workspace, stream);
  });
  expect_on_stream(mask_bytes, [&](void* workspace, void* stream) {
    return esp_mask_apply(&cuda_, applies.data(), n, workspace, stream);
  });
  const esp_sgd sgd = {0.1, 0.9, 1.0, 1};
  expect_on_stream(esp_sgd_step_workspace_bytes(&cuda_, n), [&](void* workspace, void* stream) {
    return esp_sgd_step(&cuda_, sgds.data(), n, &sgd, ESP_CRITERION_TAYLOR, workspace, stream);
  });
  const esp_adam adam = {0.1, 0.9, 0.99, 1e-8, 1.0, 1, 1};
  expect_on_stream(esp_adam_step_workspace_bytes(&cuda_, n), [&](void* workspace, void* stream) {
    return esp_adam_step(&cuda_, adams.data(), n, &adam, 0, workspace, stream);
  });
  EXPECT_EQ(0u, memory_.fetched_bytes());
  int64_t all_kept = 0;
  for (int64_t count : memory_.fetch(kept, tensors.size())) all_kept += count;
  EXPECT_EQ(total - k, all_kept);
  const esp_selection chosen = memory_.fetch(selection, 1)[0];
  EXPECT_EQ(k, chosen.below + chosen.ties);
  EXPECT_EQ(sizeof(esp_selection) + 8 * tensors.size(), memory_.fetched_bytes());
}

TEST_F(DeviceTest, RemovesChannelsWithoutLookingAtTheDevice) {
  const int64_t channels = 24, rest = 45;
  float* const weight = memory_.put(random_values(channels * rest, 1));
  float* const score = memory_.put(std::vector<float>(static_cast<size_t>(channels)));
  const std::vector<esp_channel_item> items = {
      {weight, nullptr, score, 1, channels * rest, channels, rest}};
  expect_on_stream(esp_score_channels_workspace_bytes(&cuda_, items.data(), 1),
                   [&](void* workspace, void* stream) {
                     return esp_score_channels(&cuda_, items.data(), 1, ESP_CRITERION_MAGNITUDE,
                                               ESP_NORM_L2, workspace, stream);
                   });
  const std::vector<int64_t> index = {3, 4, 9, 20};
  const std::vector<esp_gather_item> gathers = {{weight, memory_.take(4 * rest * 4),
                                                 memory_.put(index), nullptr, 1, channels, 4, 1, 1,
                                                 1, rest * 4}};
  expect_on_stream(esp_gather_workspace_bytes(&cuda_, 1), [&](void* workspace, void* stream) {
    return esp_gather(&cuda_, gathers.data(), 1, workspace, stream);
  });
  EXPECT_EQ(0u, memory_.fetched_bytes());
}

TEST_F(DeviceTest, ConvolvesWithoutLookingAtTheDevice) {
  const esp_conv2d_shape shape = {1, 8, 6, 6, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  float* const weight = memory_.put(random_values(20 * 8 * 9, 1));
  float* const input = memory_.put(random_values(8 * 36, 2));
  float* const bias = memory_.put(random_values(20, 3));
  auto* const output = static_cast<float*>(memory_.take(20 * 36 * 4));
  const std::vector<uint32_t> ones(45, ~0u);
  uint32_t* const bits = memory_.put(ones);
  const esp_epilogue finish = {bias, nullptr, ESP_ACTIVATION_RELU};
  void* packed = memory_.take(esp_conv2d_packed_bytes(&cuda_, &shape, 1440));
  expect_on_stream(
      esp_conv2d_pack_workspace_bytes(&cuda_, &shape, 1440), [&](void* workspace, void* stream) {
        return esp_conv2d_pack(&cuda_, &shape, weight, bits, 1440, packed, workspace, stream);
      });
  expect_on_stream(
      esp_conv2d_workspace_bytes(&cuda_, &shape, 1440), [&](void* workspace, void* stream) {
        return esp_conv2d(&cuda_, &shape, input, packed, 1440, &finish, output, workspace, stream);
      });
  const esp_conv2d_half_layout layouts[] = {{shape, ESP_DTYPE_F16, ESP_PATTERN_VECTOR, 16},
                                            {shape, ESP_DTYPE_BF16, ESP_PATTERN_TWO_OF_FOUR, 0}};
  for (const esp_conv2d_half_layout& layout : layouts) {
    const int64_t vectors = layout.pattern == ESP_PATTERN_VECTOR ? 144 : 0;
    packed = memory_.take(esp_conv2d_half_packed_bytes(&cuda_, &layout, vectors));
    expect_on_stream(esp_conv2d_half_pack_workspace_bytes(&cuda_, &layout, vectors),
                     [&](void* workspace, void* stream) {
                       return esp_conv2d_half_pack(&cuda_, &layout, weight, nullptr, vectors,
                                                   packed, workspace, stream);
                     });
    const esp_epilogue epilogue = {bias, output, ESP_ACTIVATION_SILU};
    expect_on_stream(esp_conv2d_half_workspace_bytes(&cuda_, &layout, vectors),
                     [&](void* workspace, void* stream) {
                       return esp_conv2d_half(&cuda_, &layout, input, packed, vectors, &epilogue,
                                              output, workspace, stream);
                     });
  }
  int32_t* lists[2];
  for (int32_t*& list : lists) {
    list = static_cast<int32_t*>(memory_.take(4 * 21));
    expect_on_stream(esp_channel_list_workspace_bytes(&cuda_, 8),
                     [&](void* workspace, void* stream) {
                       return esp_channel_list(&cuda_, bits, 8, list, workspace, stream);
                     });
  }
  expect_on_stream(esp_conv2d_channels_workspace_bytes(&cuda_, &shape),
                   [&](void* workspace, void* stream) {
                     return esp_conv2d_channels(&cuda_, &shape, input, weight, lists[0], lists[1],
                                                nullptr, output, workspace, stream);
                   });
  EXPECT_EQ(0u, memory_.fetched_bytes());
}

TEST_F(DeviceTest, RefusesWhatADeviceOfCapability7Lacks) {
  const auto set =
      simt_function<decltype(espalier_simt_set_capability)>("espalier_simt_set_capability");
  const esp_conv2d_shape shape = {1, 8, 6, 6, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  float* const weight = memory_.put(random_values(20 * 8 * 9, 1));
  const auto pack = [&](int32_t dtype, int32_t pattern, int32_t vector) {
    const esp_conv2d_half_layout layout = {shape, dtype, pattern, vector};
    const int64_t vectors = vector == 0 ? 0 : 144;
    void* packed = memory_.take(esp_conv2d_half_packed_bytes(&cuda_, &layout, vectors));
    return esp_conv2d_half_pack(&cuda_, &layout, weight, nullptr, vectors, packed, nullptr,
                                nullptr);
  };
  set(7);
  EXPECT_EQ(ESP_OK, pack(ESP_DTYPE_F16, ESP_PATTERN_VECTOR, 16));
  EXPECT_EQ(ESP_UNSUPPORTED, pack(ESP_DTYPE_BF16, ESP_PATTERN_VECTOR, 16));
  EXPECT_STREQ(
      "esp_conv2d_half_pack: layout.dtype: expected a device of compute capability 8.0 or later "
      "for "
      "ESP_DTYPE_BF16, got 7.x",
      esp_last_message());
  EXPECT_EQ(ESP_UNSUPPORTED, pack(ESP_DTYPE_F16, ESP_PATTERN_TWO_OF_FOUR, 0));
  EXPECT_STREQ(
      "esp_conv2d_half_pack: layout.pattern: expected a device of compute capability 8.0 or later "
      "for ESP_PATTERN_TWO_OF_FOUR, got 7.x",
      esp_last_message());
  set(9);
}

}  // namespace
}  // namespace espalier::test
