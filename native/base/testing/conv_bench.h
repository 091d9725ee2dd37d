// A convolution by kept weights against a dense run of the same kernel (all bits kept) on the same
// shape, whose time a case takes right before its own; counter `speedup` is the ratio of the two
// medians, of processor time: other processes share the processor.
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "espalier/kernels.h"

namespace espalier::test {

struct free_memory {
  void operator()(void* p) const { std::free(p); }
};
using aligned_memory = std::unique_ptr<void, free_memory>;

// Zeros at a multiple of 64.
inline aligned_memory aligned(int64_t bytes) {
  const auto lines = static_cast<size_t>(std::max<int64_t>(bytes, 1) + 63) / 64 * 64;
  aligned_memory block(std::aligned_alloc(64, lines));
  std::fill_n(static_cast<char*>(block.get()), lines, 0);
  return block;
}

inline std::vector<float> bench_values(int64_t count) {
  std::mt19937 generator(static_cast<uint32_t>(count));
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = uniform(generator);
  return values;
}

// One bit per item, kept with probability 1 - sparsity; adds the kept ones to `kept`.
inline std::vector<uint32_t> bench_mask(size_t items, double sparsity, int64_t* kept) {
  std::vector<uint32_t> bits(items / 32 + 1);
  std::mt19937 generator(1);
  std::bernoulli_distribution keep(1.0 - sparsity);
  for (size_t i = 0; i < items; ++i)
    if (keep(generator)) bits[i / 32] |= 1u << (i % 32), ++*kept;
  return bits;
}

inline double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Layer(target, shape, sparsity) with bool run() and int64_t kept_weights().
// Range 0: backend, 1: channels, 2: height and width, 3: images, 4: sparsity in percent.
template <class Layer>
void race_with_dense(benchmark::State& state) {
  const esp_target target = {static_cast<int32_t>(state.range(0)), 1};
  if (esp_backend_available(target.backend) == 0) return state.SkipWithError(esp_last_message());
  const int64_t c = state.range(1), size = state.range(2), images = state.range(3);
  const esp_conv2d_shape shape = {images, c, size, size, c, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  Layer dense(target, shape, 0.0), masked(target, shape, static_cast<double>(state.range(4)) / 100);
  if (!dense.run() || !masked.run()) return state.SkipWithError(esp_last_message());
  const auto seconds = [](Layer& layer) {
    const double start = processor_seconds();
    layer.run();
    return processor_seconds() - start;
  };
  std::vector<double> dense_seconds, masked_seconds;
  for (auto _ : state) {
    dense_seconds.push_back(seconds(dense));
    masked_seconds.push_back(seconds(masked));
    state.SetIterationTime(masked_seconds.back());
  }
  const double flops = 2.0 * static_cast<double>(masked.kept_weights() * images * size * size);
  state.counters["speedup"] = median(dense_seconds) / median(masked_seconds);
  state.counters["gflops_kept"] = flops / median(masked_seconds) * 1e-9;
}

inline void race_cases(benchmark::internal::Benchmark* b) {
  b->ArgNames({"backend", "channels", "size", "images", "sparsity"})->UseManualTime();
  for (const int64_t backend : {ESP_BACKEND_AVX2, ESP_BACKEND_AVX512})
    for (const int64_t channels : {64, 128, 256})
      for (const int64_t images : {1, 32})
        for (const int64_t sparsity : {0, 80, 90, 95})
          b->Args({backend, channels, 2048 / channels, images, sparsity});
}

}  // namespace espalier::test
