// Removing half the channels of a weight, along rows, along cells, along both; against memcpy of
// the kept bytes in the same run.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "espalier/kernels.h"

namespace {

constexpr int64_t channels = 512;

std::vector<int64_t> every_other() {
  std::vector<int64_t> index;
  for (int64_t i = 0; i < channels; i += 2) index.push_back(i);
  return index;
}

// Range 0: backend, 1: bytes of a cell, 2: axes that lose channels (1: first, 2: second, 3: both).
void gather(benchmark::State& state) {
  const esp_target target = {static_cast<int32_t>(state.range(0)), 1};
  if (esp_backend_available(target.backend) == 0) return state.SkipWithError(esp_last_message());
  const bool first = (state.range(2) & 1) != 0, second = (state.range(2) & 2) != 0;
  const std::vector<int64_t> index = every_other();
  const int64_t out0 = first ? channels / 2 : channels, out1 = second ? channels / 2 : channels;
  const int64_t bytes = out0 * out1 * state.range(1);
  std::vector<char> in(static_cast<size_t>(channels * channels * state.range(1)), 1);
  std::vector<char> out(static_cast<size_t>(bytes));
  const esp_gather_item item = {in.data(),
                                out.data(),
                                first ? index.data() : nullptr,
                                second ? index.data() : nullptr,
                                1,
                                channels,
                                out0,
                                1,
                                channels,
                                out1,
                                state.range(1)};
  for (auto _ : state)
    if (esp_gather(&target, &item, 1, nullptr, nullptr) != ESP_OK)
      state.SkipWithError(esp_last_message());
  state.SetBytesProcessed(2 * bytes * static_cast<int64_t>(state.iterations()));
}

void copy(benchmark::State& state) {
  std::vector<char> in(static_cast<size_t>(channels * channels / 2 * state.range(0)), 1);
  std::vector<char> out(in.size());
  for (auto _ : state) {
    std::memcpy(out.data(), in.data(), in.size());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(2 * static_cast<int64_t>(in.size()) *
                          static_cast<int64_t>(state.iterations()));
}

void cases(benchmark::internal::Benchmark* b) {
  b->ArgNames({"backend", "cell", "axes"});
  for (const int64_t cell : {4, 36})
    for (const int64_t axes : {1, 2, 3})
      for (const int64_t backend : {ESP_BACKEND_REFERENCE, ESP_BACKEND_AVX2, ESP_BACKEND_AVX512})
        b->Args({backend, cell, axes});
}

BENCHMARK(gather)->Apply(cases);
BENCHMARK(copy)->ArgName("cell")->Arg(4)->Arg(36);

}  // namespace

BENCHMARK_MAIN();
