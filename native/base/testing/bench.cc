#include "base/testing/bench.h"

#include <omp.h>

#include <chrono>
#include <cstring>

#ifdef ESPALIER_TEST_CUDART
#include <cuda_runtime_api.h>
#endif

namespace espalier::test {
namespace {

double wall_seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

#ifdef ESPALIER_TEST_CUDART
double device_seconds_of(const std::function<void()>& work) {
  cudaEvent_t begin, end;
  cudaEventCreate(&begin);
  cudaEventCreate(&end);
  cudaEventRecord(begin, nullptr);
  work();
  cudaEventRecord(end, nullptr);
  cudaEventSynchronize(end);
  float milliseconds = 0;
  cudaEventElapsedTime(&milliseconds, begin, end);
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  return milliseconds * 1e-3;
}
#endif

void copy_on_host(int32_t threads, void* target, const void* source, int64_t bytes) {
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int32_t t = 0; t < threads; ++t) {
    const int64_t begin = bytes * t / threads, end = bytes * (t + 1) / threads;
    std::memcpy(static_cast<char*>(target) + begin, static_cast<const char*>(source) + begin,
                static_cast<size_t>(end - begin));
  }
}

}  // namespace

double seconds_of(int32_t backend, const std::function<void()>& work) {
#ifdef ESPALIER_TEST_CUDART
  if (backend == ESP_BACKEND_CUDA) return device_seconds_of(work);
#endif
  static_cast<void>(backend);
  return wall_seconds_of(work);
}

void copy_bytes(int32_t backend, int32_t threads, void* target, const void* source, int64_t bytes) {
#ifdef ESPALIER_TEST_CUDART
  if (backend == ESP_BACKEND_CUDA) {
    cudaMemcpyAsync(target, source, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, nullptr);
    return;
  }
#endif
  static_cast<void>(backend);
  copy_on_host(threads, target, source, bytes);
}

std::vector<int32_t> bench_threads(int32_t backend) {
  const int32_t all = omp_get_max_threads();
  if (backend == ESP_BACKEND_CUDA || all == 1) return {1};
  return {1, all};
}

}  // namespace espalier::test
