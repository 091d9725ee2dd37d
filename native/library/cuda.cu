// The CUDA library's one exported function and its kernel table.
#include <atomic>

#include "base/cuda.h"
#include "family_headers.inc"
#include "library/cuda_interface.h"

namespace espalier {
namespace {

const kernel_row rows[] = {
#define ESP_KERNEL_CPU(operation, isa, name)
#define ESP_KERNEL_CUDA(operation, name) \
  {#operation, #name, ESP_BACKEND_CUDA, reinterpret_cast<void (*)()>(&name)},
#include "family_kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA
};

message_buffer_function host_buffer = nullptr;

// Asked of the driver until there is a device, because every call of a kernel asks.
int32_t device_count() {
  static std::atomic<int> known{0};
  int count = known.load(std::memory_order_relaxed);
  if (count > 0) return count;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    cudaGetLastError();
    return 0;
  }
  known.store(count, std::memory_order_relaxed);
  return count;
}

}  // namespace

char* message_buffer() {
  return host_buffer();
}

}  // namespace espalier

extern "C" __attribute__((visibility("default"))) const espalier::cuda_interface*
espalier_cuda_interface(espalier::message_buffer_function buffer) {
  using namespace espalier;
  static const cuda_interface interface = {
      {rows, static_cast<int32_t>(sizeof(rows) / sizeof(rows[0]))}, &device_count};
  host_buffer = buffer;
  return &interface;
}
