// Masked convolution against a dense run of the same kernel (all bits kept) on the same shape,
// whose time a case takes right before its own; counter `speedup` is the ratio of the two medians.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "espalier/kernels.h"

namespace {

struct free_memory {
  void operator()(void* p) const { std::free(p); }
};
using memory = std::unique_ptr<void, free_memory>;

memory aligned(int64_t bytes) {
  const auto lines = static_cast<size_t>(std::max<int64_t>(bytes, 1) + 63) / 64 * 64;
  return memory(std::aligned_alloc(64, lines));
}

std::vector<float> random_values(int64_t count) {
  std::mt19937 generator(static_cast<uint32_t>(count));
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = uniform(generator);
  return values;
}

// A layer with its weights packed at one sparsity.
class layer {
 public:
  layer(const esp_target& target, const esp_conv2d_shape& shape, double sparsity)
      : target_(target),
        shape_(shape),
        input_(random_values(shape.n * shape.c * shape.h * shape.w)),
        output_(static_cast<size_t>(shape.n * shape.k * shape.h * shape.w)) {
    const std::vector<float> weight = random_values(shape.k * shape.c * shape.r * shape.s);
    std::vector<uint32_t> bits(weight.size() / 32 + 1);
    std::mt19937 generator(1);
    std::bernoulli_distribution keep(1.0 - sparsity);
    for (size_t i = 0; i < weight.size(); ++i)
      if (keep(generator)) bits[i / 32] |= 1u << (i % 32), ++nonzeros_;
    packed_ = aligned(esp_conv2d_packed_bytes(&target_, &shape_, nonzeros_));
    workspace_ = aligned(esp_conv2d_workspace_bytes(&target_, &shape_, nonzeros_));
    status_ = esp_conv2d_pack(&target_, &shape_, weight.data(), bits.data(), nonzeros_,
                              packed_.get(), nullptr, nullptr);
  }

  bool run() {
    if (status_ == ESP_OK)
      status_ = esp_conv2d(&target_, &shape_, input_.data(), packed_.get(), nonzeros_, nullptr,
                           output_.data(), workspace_.get(), nullptr);
    return status_ == ESP_OK;
  }

  double seconds() {
    const auto start = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  double kept_flops() const {
    return 2.0 * static_cast<double>(nonzeros_) *
           static_cast<double>(shape_.n * shape_.h * shape_.w);
  }

 private:
  esp_target target_;
  esp_conv2d_shape shape_;
  std::vector<float> input_, output_;
  int64_t nonzeros_ = 0;
  memory packed_, workspace_;
  int32_t status_ = ESP_OK;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Range 0: backend, 1: channels, 2: height and width, 3: images, 4: sparsity in percent.
void conv2d(benchmark::State& state) {
  const esp_target target = {static_cast<int32_t>(state.range(0)), 1};
  if (esp_backend_available(target.backend) == 0) return state.SkipWithError(esp_last_message());
  const int64_t c = state.range(1), size = state.range(2);
  const esp_conv2d_shape shape = {
      state.range(3), c, size, size, c, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  layer dense(target, shape, 0.0), masked(target, shape, static_cast<double>(state.range(4)) / 100);
  if (!dense.run() || !masked.run()) return state.SkipWithError(esp_last_message());
  std::vector<double> dense_seconds, masked_seconds;
  for (auto _ : state) {
    dense_seconds.push_back(dense.seconds());
    masked_seconds.push_back(masked.seconds());
    state.SetIterationTime(masked_seconds.back());
  }
  state.counters["speedup"] = median(dense_seconds) / median(masked_seconds);
  state.counters["gflops_kept"] = masked.kept_flops() / median(masked_seconds) * 1e-9;
}

void cases(benchmark::internal::Benchmark* b) {
  b->ArgNames({"backend", "channels", "size", "images", "sparsity"})->UseManualTime();
  for (const int64_t backend : {ESP_BACKEND_AVX2, ESP_BACKEND_AVX512})
    for (const int64_t channels : {64, 128, 256})
      for (const int64_t images : {1, 32})
        for (const int64_t sparsity : {0, 80, 90, 95})
          b->Args({backend, channels, 2048 / channels, images, sparsity});
}

BENCHMARK(conv2d)->Apply(cases);

}  // namespace

BENCHMARK_MAIN();
