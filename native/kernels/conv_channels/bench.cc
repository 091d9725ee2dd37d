// The convolution with live channels; `gflops` counts what is live, `share` is the time against the
// same call with all channels live.
#include "base/testing/bench.h"
#include "kernels/conv_channels/test_problem.h"

namespace espalier::test {
namespace {

void convolve(benchmark::State& state, int64_t channels, int64_t size, double live) {
  if (!can_run(ESP_BACKEND_CUDA)) return state.SkipWithError(esp_last_message());
  const esp_target where = {ESP_BACKEND_CUDA, 1};
  const channels_test_problem problem(square(32, channels, size, channels, 3), live, live, 1);
  buffer<float> weight(where.backend, problem.weight), input(where.backend, problem.input);
  buffer<float> output(where.backend, problem.residual);
  buffer<int32_t> inputs(where.backend, list_of(problem.inputs_live));
  buffer<int32_t> outputs(where.backend, list_of(problem.outputs_live));
  int32_t status = ESP_OK;
  const auto run = [&](const int32_t* ins, const int32_t* outs) {
    if (status != ESP_OK) return;
    status = esp_conv2d_channels(&where, &problem.shape, input.data(), weight.data(), ins, outs,
                                 nullptr, output.data(), nullptr, nullptr);
  };
  run(inputs.data(), outputs.data());
  double masked = 0, whole = 0;
  for (auto _ : state) {
    whole += seconds_of(where.backend, [&] { run(nullptr, nullptr); });
    const double once = seconds_of(where.backend, [&] { run(inputs.data(), outputs.data()); });
    state.SetIterationTime(once);
    masked += once;
  }
  if (status != ESP_OK) return state.SkipWithError(esp_last_message());
  const auto count = [](const std::vector<bool>& c) {
    return static_cast<double>(std::count(c.begin(), c.end(), true));
  };
  state.counters["share"] = masked / whole;
  state.counters["gflops"] = 2.0 * 9 * count(problem.inputs_live) * count(problem.outputs_live) *
                             static_cast<double>(32 * size * size * state.iterations()) / masked *
                             1e-9;
}

void register_all() {
  for (int64_t channels : {64, 128, 256, 512})
    for (int live : {100, 75, 50, 25})
      register_bench("channels" + std::to_string(channels) + "/live" + std::to_string(live),
                     [=](benchmark::State& state) {
                       convolve(state, channels, 3584 / channels, live / 100.0);
                     });
}

}  // namespace
}  // namespace espalier::test

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  espalier::test::register_all();
  benchmark::RunSpecifiedBenchmarks();
}
