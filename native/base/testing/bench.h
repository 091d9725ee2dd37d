// Benchmarks of a family: one per kernel row, next to a plain copy of the same bytes in the same
// run.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/testing/kernel_test.h"

namespace espalier::test {

// Seconds that `work` takes: wall time, or time between events on the device's default stream.
double seconds_of(int32_t backend, const std::function<void()>& work);

// Copies `bytes` where the tensors of the backend live, with the same number of threads.
void copy_bytes(int32_t backend, int32_t threads, void* target, const void* source, int64_t bytes);

// Thread counts worth timing: one, and all processors that OpenMP may use.
std::vector<int32_t> bench_threads(int32_t backend);

// Opens the CUDA library if the benchmark was built with it; false if `backend` cannot run here.
inline bool can_run(int32_t backend) {
#ifdef ESPALIER_TEST_CUDA_LIBRARY
  esp_cuda_open(ESPALIER_TEST_CUDA_LIBRARY);
#endif
  return esp_backend_available(backend) != 0;
}

// Times `work`, which moves `bytes` of memory per call.
inline void time_bytes(benchmark::State& state, int32_t backend, int64_t bytes,
                       const std::function<void()>& work) {
  work();
  for (auto _ : state) state.SetIterationTime(seconds_of(backend, work));
  state.SetBytesProcessed(state.iterations() * bytes);
}

using bench_body = std::function<void(benchmark::State&)>;

inline void register_bench(const std::string& name, const bench_body& body) {
  benchmark::RegisterBenchmark(name.c_str(), body)->UseManualTime()->Unit(benchmark::kMicrosecond);
}

// The copy that a kernel's figures are to be read against: moves `bytes` in all, half read, half
// written.
inline void register_copy(const std::string& label, int32_t backend, int32_t threads,
                          int64_t bytes) {
  register_bench("copy/" + label, [=](benchmark::State& state) {
    const auto half = static_cast<size_t>(bytes / 2);
    buffer<unsigned char> source(backend, std::vector<unsigned char>(half, 1));
    buffer<unsigned char> target(backend, std::vector<unsigned char>(half, 0));
    time_bytes(state, backend, bytes,
               [&] { copy_bytes(backend, threads, target.data(), source.data(), bytes / 2); });
  });
}

}  // namespace espalier::test
