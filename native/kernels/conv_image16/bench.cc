// Masked convolution and its gradients on image16; counter `gflops_kept` counts the kept weights
// only.
#include "base/testing/conv_bench.h"

namespace espalier::test {
namespace {

enum passes : int64_t { forward, input_gradient, weight_gradient };

class layer {
 public:
  layer(const esp_target& target, const esp_conv2d_shape& shape, passes pass, double sparsity)
      : target_(target), pass_(pass), bits_(static_cast<size_t>(shape.k * shape.c * 9 / 32 + 1)) {
    layout_ = {
        shape, 1, 1,
        1,     1, pass == input_gradient ? ESP_DIRECTION_INPUT_GRADIENT : ESP_DIRECTION_FORWARD};
    const int64_t weights = shape.k * shape.c * shape.r * shape.s;
    weight_.assign(static_cast<size_t>(weights), 0.1f);
    std::mt19937 generator(1);
    std::bernoulli_distribution keep(1.0 - sparsity);
    for (int64_t i = 0; i < weights; ++i)
      if (keep(generator)) bits_[static_cast<size_t>(i / 32)] |= 1u << (i % 32), ++nonzeros_;
    const esp_image16 extents = {shape.n, std::max(shape.c, shape.k), shape.h, shape.w, 1, 1};
    source_ = aligned(esp_image16_bytes(&extents));
    result_ = aligned(esp_image16_bytes(&extents));
    packed_ = aligned(esp_conv2d_image16_packed_bytes(&target_, &layout_, nonzeros_));
    workspace_ = aligned(std::max(
        esp_conv2d_image16_workspace_bytes(&target_, &layout_, nonzeros_),
        esp_conv2d_image16_weight_gradient_workspace_bytes(&target_, &layout_, nonzeros_)));
    status_ = esp_conv2d_image16_pack(&target_, &layout_, weight_.data(), bits_.data(), nonzeros_,
                                      packed_.get(), nullptr, nullptr);
  }

  bool run() {
    if (status_ != ESP_OK) return false;
    status_ = pass_ == weight_gradient
                  ? esp_conv2d_image16_weight_gradient(
                        &target_, &layout_, source_.get(), result_.get(), packed_.get(),
                        bits_.data(), nonzeros_, weight_.data(), workspace_.get(), nullptr)
                  : esp_conv2d_image16(&target_, &layout_, source_.get(), packed_.get(), nonzeros_,
                                       nullptr, result_.get(), workspace_.get(), nullptr);
    return status_ == ESP_OK;
  }

  double kept_flops() const {
    const esp_conv2d_shape& s = layout_.shape;
    return 2.0 * static_cast<double>(nonzeros_) * static_cast<double>(s.n * s.h * s.w);
  }

 private:
  esp_target target_;
  passes pass_;
  esp_conv2d_image16_layout layout_;
  std::vector<float> weight_;
  std::vector<uint32_t> bits_;
  int64_t nonzeros_ = 0;
  aligned_memory source_, result_, packed_, workspace_;
  int32_t status_ = ESP_OK;
};

// Range 0: backend, 1: pass, 2: channels, 3: height and width, 4: images, 5: sparsity in percent.
void conv2d_image16(benchmark::State& state) {
  const esp_target target = {static_cast<int32_t>(state.range(0)), 1};
  if (esp_backend_available(target.backend) == 0) return state.SkipWithError(esp_last_message());
  const int64_t c = state.range(2), size = state.range(3);
  layer masked(target, {state.range(4), c, size, size, c, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
               static_cast<passes>(state.range(1)), static_cast<double>(state.range(5)) / 100);
  for (auto _ : state)
    if (!masked.run()) return state.SkipWithError(esp_last_message());
  state.counters["gflops_kept"] =
      benchmark::Counter(masked.kept_flops() * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void cases(benchmark::internal::Benchmark* b) {
  b->ArgNames({"backend", "pass", "channels", "size", "images", "sparsity"});
  for (const int64_t backend : {ESP_BACKEND_AVX2, ESP_BACKEND_AVX512})
    for (const int64_t pass : {forward, input_gradient, weight_gradient})
      for (const int64_t channels : {64, 128, 256})
        for (const int64_t sparsity : {0, 80, 90, 95})
          b->Args({backend, pass, channels, 2048 / channels, 32, sparsity});
}

BENCHMARK(conv2d_image16)->Apply(cases);

}  // namespace
}  // namespace espalier::test

BENCHMARK_MAIN();
