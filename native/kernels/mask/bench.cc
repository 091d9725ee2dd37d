// Build, apply and count over one tensor. Bytes per second count what the operation must move.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <random>
#include <vector>

#include "espalier/kernels.h"

namespace {

// Range 0: backend, 1: threads, 2: elements.
struct tensors {
  explicit tensors(const benchmark::State& state)
      : target{static_cast<int32_t>(state.range(0)), static_cast<int32_t>(state.range(1))},
        count(state.range(2)),
        values(static_cast<size_t>(count)),
        bits(static_cast<size_t>(count + 31) / 32) {
    std::mt19937 generator(1);
    std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
    for (float& v : values) v = uniform(generator);
    for (uint32_t& word : bits) word = generator() & generator() & generator();
  }

  esp_target target;
  int64_t count;
  std::vector<float> values;
  std::vector<uint32_t> bits;
};

bool available(benchmark::State& state, const tensors& t) {
  if (esp_backend_available(t.target.backend) != 0) return true;
  state.SkipWithError(esp_last_message());
  return false;
}

void finish(benchmark::State& state, double bytes_per_element) {
  state.SetBytesProcessed(static_cast<int64_t>(
      bytes_per_element * static_cast<double>(state.range(2) * state.iterations())));
}

void mask_build(benchmark::State& state) {
  tensors t(state);
  if (!available(state, t)) return;
  const esp_mask_build_item item = {t.values.data(), t.bits.data(), t.count};
  const esp_selection selection = {0.9f, -1, 0, t.count * 9 / 10, 1};
  const auto bytes =
      static_cast<size_t>(esp_mask_build_workspace_bytes(&t.target, &item, 1) + 63) / 64 * 64;
  void* scratch = bytes == 0 ? nullptr : std::aligned_alloc(64, bytes);
  for (auto _ : state)
    if (esp_mask_build(&t.target, &item, 1, &selection, scratch, nullptr) != ESP_OK)
      state.SkipWithError(esp_last_message());
  std::free(scratch);
  finish(state, 4.125);
}

void mask_apply(benchmark::State& state) {
  tensors t(state);
  if (!available(state, t)) return;
  const esp_mask_apply_item item = {t.values.data(), t.bits.data(), t.count};
  for (auto _ : state)
    if (esp_mask_apply(&t.target, &item, 1, nullptr, nullptr) != ESP_OK)
      state.SkipWithError(esp_last_message());
  finish(state, 8.125);
}

void mask_count(benchmark::State& state) {
  tensors t(state);
  if (!available(state, t)) return;
  const esp_mask_count_item item = {t.bits.data(), t.count};
  int64_t kept = 0;
  for (auto _ : state)
    if (esp_mask_count(&t.target, &item, 1, &kept, nullptr, nullptr) != ESP_OK)
      state.SkipWithError(esp_last_message());
  finish(state, 0.125);
}

void cases(benchmark::internal::Benchmark* b) {
  b->ArgNames({"backend", "threads", "elements"});
  for (const int64_t backend : {ESP_BACKEND_REFERENCE, ESP_BACKEND_AVX2, ESP_BACKEND_AVX512})
    for (const int64_t elements : {int64_t{1} << 16, int64_t{1} << 23})
      b->Args({backend, 1, elements});
}

BENCHMARK(mask_build)->Apply(cases);
BENCHMARK(mask_apply)->Apply(cases);
BENCHMARK(mask_count)->Apply(cases);

}  // namespace

BENCHMARK_MAIN();
