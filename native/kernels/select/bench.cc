// Bytes per second of one full selection (three passes over the scores), next to a copy.
#include <cmath>

#include "base/testing/bench.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/select/kernels.inc"
};

// Scores of a network: bell-shaped magnitudes, or the same with `zeros` of them already pruned.
std::vector<float> scores(int64_t count, double zeros) {
  std::vector<float> values = random_values(count, 1);
  const std::vector<float> second = random_values(count, 2), third = random_values(count, 3);
  for (size_t i = 0; i < values.size(); ++i) {
    const bool pruned = std::fabs(third[i]) < zeros;
    values[i] = pruned ? 0.0f : std::fabs(values[i] + second[i] + third[i]);
  }
  return values;
}

void bench_select(const kernel_case& row, int32_t threads, int32_t number, int64_t count,
                  double zeros) {
  const std::string shape = std::to_string(number) + "x" + std::to_string(count) +
                            "/zeros:" + std::to_string(zeros).substr(0, 3) +
                            "/threads:" + std::to_string(threads);
  const int64_t bytes = 3 * 4 * number * count;
  register_bench(std::string(row.name) + "/" + shape, [=](benchmark::State& state) {
    buffer<float> score(row.backend, scores(number * count, zeros));
    buffer<esp_selection> selection(row.backend, {esp_selection{}});
    std::vector<esp_select_item> items;
    for (int32_t n = 0; n < number; ++n) items.push_back({score.data() + n * count, count});
    const esp_target target = {row.backend, threads};
    workspace scratch(row.backend, esp_select_workspace_bytes(&target, items.data(), number));
    time_bytes(state, row.backend, bytes, [&] {
      esp_select(&target, items.data(), number, number * count * 9 / 10, selection.data(),
                 scratch.data(), nullptr);
    });
  });
  register_copy(std::string(row.name) + "/" + shape, row.backend, threads, bytes);
}

void register_all() {
  for (const kernel_case& row : kernel_cases) {
    if (!can_run(row.backend)) continue;
    for (int32_t threads : bench_threads(row.backend))
      for (double zeros : {0.0, 0.8}) {
        bench_select(row, threads, 64, 4096, zeros);
        bench_select(row, threads, 64, 400000, zeros);
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
