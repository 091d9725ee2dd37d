// Masked convolution against a dense run of the same kernel: see base/testing/conv_bench.h.
#include "base/testing/conv_bench.h"

namespace espalier::test {
namespace {

// A layer with its weights packed at one sparsity.
class layer {
 public:
  layer(const esp_target& target, const esp_conv2d_shape& shape, double sparsity)
      : target_(target),
        shape_(shape),
        input_(bench_values(shape.n * shape.c * shape.h * shape.w)),
        output_(static_cast<size_t>(shape.n * shape.k * shape.h * shape.w)) {
    const std::vector<float> weight = bench_values(shape.k * shape.c * shape.r * shape.s);
    const std::vector<uint32_t> bits = bench_mask(weight.size(), sparsity, &kept_);
    packed_ = aligned(esp_conv2d_packed_bytes(&target_, &shape_, kept_));
    workspace_ = aligned(esp_conv2d_workspace_bytes(&target_, &shape_, kept_));
    status_ = esp_conv2d_pack(&target_, &shape_, weight.data(), bits.data(), kept_, packed_.get(),
                              nullptr, nullptr);
  }

  bool run() {
    if (status_ == ESP_OK)
      status_ = esp_conv2d(&target_, &shape_, input_.data(), packed_.get(), kept_, nullptr,
                           output_.data(), workspace_.get(), nullptr);
    return status_ == ESP_OK;
  }

  int64_t kept_weights() const { return kept_; }

 private:
  esp_target target_;
  esp_conv2d_shape shape_;
  std::vector<float> input_, output_;
  int64_t kept_ = 0;
  aligned_memory packed_, workspace_;
  int32_t status_ = ESP_OK;
};

void conv2d(benchmark::State& state) {
  race_with_dense<layer>(state);
}
BENCHMARK(conv2d)->Apply(race_cases);

}  // namespace
}  // namespace espalier::test

BENCHMARK_MAIN();
