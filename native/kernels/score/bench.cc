// Bytes per second of both operations over the tensors of a network, next to a copy.
#include "base/testing/bench.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/score/kernels.inc"
};

struct layer {
  int64_t outer, channels, inner;
};

// Output channels of a 3x3 convolution, input channels of the same, input channels of a linear
// layer.
const std::vector<layer> layers = {{1, 512, 512 * 9}, {512, 512, 9}, {4096, 1024, 1}};

struct tensors {
  tensors(int32_t backend, int32_t number, int64_t count)
      : weight(backend, random_values(number * count, 1)),
        gradient(backend, random_values(number * count, 2)),
        score(backend, std::vector<float>(static_cast<size_t>(number * count))) {
    for (int32_t n = 0; n < number; ++n)
      items.push_back({weight.data() + n * count, gradient.data() + n * count,
                       score.data() + n * count, count});
  }
  buffer<float> weight, gradient, score;
  std::vector<esp_score_item> items;
};

void bench_elements(const kernel_case& row, int32_t threads, int32_t number, int64_t count) {
  const std::string shape =
      std::to_string(number) + "x" + std::to_string(count) + "/threads:" + std::to_string(threads);
  register_bench(std::string(row.name) + "/taylor/" + shape, [=](benchmark::State& state) {
    tensors t(row.backend, number, count);
    const esp_target target = {row.backend, threads};
    time_bytes(state, row.backend, 12 * number * count, [&] {
      esp_score(&target, t.items.data(), number, ESP_CRITERION_TAYLOR, nullptr, nullptr);
    });
  });
  register_copy(std::string(row.name) + "/" + shape, row.backend, threads, 12 * number * count);
}

void bench_channels(const kernel_case& row, int32_t threads, const layer& l) {
  const int64_t count = l.outer * l.channels * l.inner;
  const std::string shape = std::to_string(l.outer) + "x" + std::to_string(l.channels) + "x" +
                            std::to_string(l.inner) + "/threads:" + std::to_string(threads);
  register_bench(std::string(row.name) + "/l2/" + shape, [=](benchmark::State& state) {
    buffer<float> weight(row.backend, random_values(count, 1));
    buffer<float> score(row.backend, std::vector<float>(static_cast<size_t>(l.channels)));
    const esp_channel_item item = {weight.data(),        nullptr,    score.data(), l.outer,
                                   l.channels * l.inner, l.channels, l.inner};
    const esp_target target = {row.backend, threads};
    time_bytes(state, row.backend, 4 * count, [&] {
      esp_score_channels(&target, &item, 1, ESP_CRITERION_MAGNITUDE, ESP_NORM_L2, nullptr, nullptr);
    });
  });
  register_copy(std::string(row.name) + "/" + shape, row.backend, threads, 4 * count);
}

void register_all() {
  for (const kernel_case& row : kernel_cases) {
    if (!can_run(row.backend)) continue;
    for (int32_t threads : bench_threads(row.backend)) {
      if (std::string(row.operation) == "score") {
        bench_elements(row, threads, 64, 4096);
        bench_elements(row, threads, 64, 400000);
      } else {
        for (const layer& l : layers) bench_channels(row, threads, l);
      }
    }
  }
}

}  // namespace
}  // namespace espalier::test

int main(int argc, char** argv) {
  espalier::test::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
