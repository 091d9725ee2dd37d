// The sparse convolution of 16-bit tensors over the layers of kernels/conv_half/NOTES.md. `tflops`
// counts kept weights, `dense_tflops` all weights: to be read against cuDNN's rate on the same
// shape.
#include "base/testing/bench.h"
#include "kernels/conv_half/test_problem.h"

namespace espalier::test {
namespace {

struct layer {
  const char* name;
  int64_t channels, size, kernel;
};
constexpr layer layers[] = {{"64@56", 64, 56, 3},
                            {"128@28", 128, 28, 3},
                            {"256@14", 256, 14, 3},
                            {"512@7", 512, 7, 3},
                            {"1x1_512@14", 512, 14, 1}};

void convolve(benchmark::State& state, const layer& l, int64_t n, const half_form& form,
              double kept) {
  if (!can_run(ESP_BACKEND_CUDA)) return state.SkipWithError(esp_last_message());
  const esp_target where = {ESP_BACKEND_CUDA, 1};
  const half_test_problem problem(square(n, l.channels, l.size, l.channels, l.kernel), form, kept,
                                  1);
  buffer<float> weight(where.backend, problem.weight);
  buffer<uint32_t> bits(where.backend, problem.bits);
  buffer<uint16_t> input(where.backend, problem.input), output(where.backend, problem.residual);
  workspace packed(where.backend,
                   esp_conv2d_half_packed_bytes(&where, &problem.layout, problem.vectors));
  const bool vectors = problem.vectors_pattern();
  int32_t status =
      esp_conv2d_half_pack(&where, &problem.layout, weight.data(), vectors ? bits.data() : nullptr,
                           problem.vectors, packed.data(), nullptr, nullptr);
  const auto work = [&] {
    if (status != ESP_OK) return;
    status = esp_conv2d_half(&where, &problem.layout, input.data(), packed.data(), problem.vectors,
                             nullptr, output.data(), nullptr, nullptr);
  };
  work();
  double seconds = 0;
  for (auto _ : state) {
    const double once = seconds_of(where.backend, work);
    state.SetIterationTime(once);
    seconds += once;
  }
  if (status != ESP_OK) return state.SkipWithError(esp_last_message());
  const double dense = 2.0 * static_cast<double>(conv_weight_count(problem.shape())) *
                       static_cast<double>(n * l.size * l.size) *
                       static_cast<double>(state.iterations()) / seconds * 1e-12;
  const double share =
      vectors ? static_cast<double>(problem.vectors) / static_cast<double>(problem.bit_count())
              : 0.5;
  state.counters["dense_tflops"] = dense;
  state.counters["tflops"] = dense * share;
}

void register_all() {
  for (const layer& l : layers)
    for (int64_t n : {1, 128})
      for (const half_form& form : half_forms)
        for (double kept : {0.5, 0.25, 0.1}) {
          const bool vectors = form.pattern == ESP_PATTERN_VECTOR;
          if (!vectors && kept < 0.5) continue;
          const std::string name =
              std::string(form.dtype == ESP_DTYPE_F16 ? "f16/" : "bf16/") +
              (vectors ? "vector" + std::to_string(form.vector) : "two_of_four") + "/" + l.name +
              "/n" + std::to_string(n) + "/kept" + std::to_string(static_cast<int>(kept * 100));
          register_bench(name, [=](benchmark::State& state) { convolve(state, l, n, form, kept); });
        }
}

}  // namespace
}  // namespace espalier::test

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  espalier::test::register_all();
  benchmark::RunSpecifiedBenchmarks();
}
