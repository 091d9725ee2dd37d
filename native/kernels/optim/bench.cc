// Bytes per second of both steps over the tensors of a network, next to a copy of as many bytes,
// and next to the same update in separate passes, as a tensor library makes them.

#include "base/testing/bench.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/optim/kernels.inc"
};

enum class form { dense, masked, masked_scored };

const char* name_of(form f) {
  return f == form::dense ? "dense" : f == form::masked ? "masked" : "masked_scored";
}

// One contiguous run of elements per kind of tensor, cut into equal items.
struct tensors {
  tensors(int32_t backend, int32_t number, int64_t count, form f)
      : weight(backend, random_values(number * count, 1)),
        gradient(backend, random_values(number * count, 2)),
        first(backend, std::vector<float>(static_cast<size_t>(number * count))),
        second(backend, std::vector<float>(static_cast<size_t>(number * count))),
        score(backend, std::vector<float>(static_cast<size_t>(number * count))),
        bits(backend,
             std::vector<uint32_t>(static_cast<size_t>(number * count / 32), 0x40100421u)) {
    for (int32_t n = 0; n < number; ++n) {
      const int64_t at = n * count;
      void* const mask = f == form::dense ? nullptr : bits.data() + at / 32;
      void* const scores = f == form::masked_scored ? score.data() + at : nullptr;
      sgd.push_back(
          {weight.data() + at, gradient.data() + at, first.data() + at, mask, scores, count, 1e-4});
      adam.push_back({weight.data() + at, gradient.data() + at, first.data() + at,
                      second.data() + at, mask, scores, count, 1e-4});
    }
  }
  buffer<float> weight, gradient, first, second, score;
  buffer<uint32_t> bits;
  std::vector<esp_sgd_item> sgd;
  std::vector<esp_adam_item> adam;
};

constexpr esp_sgd sgd_settings = {1e-3, 0.9, 1.0, 1};
constexpr esp_adam adam_settings = {1e-3, 0.9, 0.999, 1e-8, 1.0, 100, 1};

int64_t bytes_of(bool sgd, form f, int64_t count) {
  return (sgd ? 20 : 28) * count + (f == form::dense ? 0 : count / 8) +
         (f == form::masked_scored ? 4 * count : 0);
}

void bench_step(const kernel_case& row, int32_t threads, int32_t number, int64_t count, form f) {
  const bool sgd = std::string(row.operation) == "sgd_step";
  const std::string shape =
      std::to_string(number) + "x" + std::to_string(count) + "/threads:" + std::to_string(threads);
  const std::string name = std::string(row.name) + "/" + name_of(f) + "/" + shape;
  const int64_t bytes = bytes_of(sgd, f, number * count);
  register_bench(name, [=](benchmark::State& state) {
    tensors t(row.backend, number, count, f);
    const esp_target target = {row.backend, threads};
    time_bytes(state, row.backend, bytes, [&] {
      if (sgd)
        esp_sgd_step(&target, t.sgd.data(), number, &sgd_settings, ESP_CRITERION_TAYLOR, nullptr,
                     nullptr);
      else
        esp_adam_step(&target, t.adam.data(), number, &adam_settings, ESP_CRITERION_TAYLOR, nullptr,
                      nullptr);
    });
  });
  register_copy(name, row.backend, threads, bytes);
}

// The masked SGD step with Nesterov's look-ahead and decay as passes over whole tensors, one
// thread.
void passes(const esp_sgd_item& item, const esp_target& target) {
  float* __restrict w = static_cast<float*>(item.weight);
  float* __restrict g = static_cast<float*>(const_cast<void*>(item.gradient));
  float* __restrict v = static_cast<float*>(item.momentum);
  const auto each = [&](auto&& body) {
    for (int64_t i = 0; i < item.count; ++i) body(i);
  };
  each([=](int64_t i) { g[i] += 1e-4f * w[i]; });
  each([=](int64_t i) { v[i] *= 0.9f; });
  each([=](int64_t i) { v[i] += g[i]; });
  each([=](int64_t i) { g[i] += 0.9f * v[i]; });
  each([=](int64_t i) { w[i] -= 1e-3f * g[i]; });
  const esp_mask_apply_item masks[] = {{w, item.bits, item.count}, {v, item.bits, item.count}};
  esp_mask_apply(&target, masks, 2, nullptr, nullptr);
}

void bench_passes(int32_t number, int64_t count) {
  const std::string shape = std::to_string(number) + "x" + std::to_string(count);
  register_bench("sgd_in_passes/masked/" + shape + "/threads:1", [=](benchmark::State& state) {
    tensors t(ESP_BACKEND_AUTO, number, count, form::masked);
    const esp_target target = {ESP_BACKEND_AUTO, 1};
    time_bytes(state, ESP_BACKEND_AUTO, bytes_of(true, form::masked, number * count), [&] {
      for (const esp_sgd_item& item : t.sgd) passes(item, target);
    });
  });
}

void register_all() {
  for (const kernel_case& row : kernel_cases) {
    if (!can_run(row.backend)) continue;
    for (int32_t threads : bench_threads(row.backend))
      for (form f : {form::dense, form::masked, form::masked_scored}) {
        bench_step(row, threads, 64, 4096, f);
        bench_step(row, threads, 64, 32768, f);
        bench_step(row, threads, 64, 400000, f);
      }
  }
  bench_passes(64, 4096);
  bench_passes(64, 400000);
}

}  // namespace
}  // namespace espalier::test

int main(int argc, char** argv) {
  espalier::test::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
