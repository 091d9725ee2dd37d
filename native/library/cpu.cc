// The CPU library's kernel table, and the door to the CUDA library.
#include <dlfcn.h>

#include <atomic>
#include <mutex>

#include "base/backend.h"
#include "family_headers.inc"
#include "library/cuda_interface.h"

namespace espalier {
namespace {

const kernel_row rows[] = {
#define ESP_KERNEL_CPU(operation, isa, name) \
  {#operation, #name, ESP_BACKEND_##isa, reinterpret_cast<void (*)()>(&name)},
#define ESP_KERNEL_CUDA(operation, name)
#include "family_kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA
};

std::atomic<const cuda_interface*> opened{nullptr};
std::mutex opening;

const kernel_row* row_at(int32_t index) {
  const kernel_rows cpu = cpu_kernel_rows();
  if (index >= 0 && index < cpu.count) return cpu.rows + index;
  const kernel_rows cuda = cuda_kernel_rows();
  index -= cpu.count;
  return index >= 0 && index < cuda.count ? cuda.rows + index : nullptr;
}

}  // namespace

char* message_buffer() {
  static thread_local char buffer[message_capacity];
  return buffer;
}

kernel_rows cpu_kernel_rows() {
  return {rows, static_cast<int32_t>(sizeof(rows) / sizeof(rows[0]))};
}

kernel_rows cuda_kernel_rows() {
  const cuda_interface* cuda = opened.load(std::memory_order_acquire);
  return cuda == nullptr ? kernel_rows{nullptr, 0} : cuda->rows;
}

}  // namespace espalier

using namespace espalier;

const char* esp_last_message(void) {
  return message_buffer();
}

const char* esp_version(void) {
  return ESPALIER_VERSION;
}

int32_t esp_cuda_open(const char* path) {
  ESP_REQUIRE(path != nullptr, "esp_cuda_open: path: expected a file name, got NULL");
  const std::lock_guard<std::mutex> lock(opening);
  if (opened.load(std::memory_order_acquire) != nullptr) return ESP_OK;
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return fail(ESP_UNAVAILABLE, "esp_cuda_open: expected a loadable library, got: %s", dlerror());
  void* symbol = dlsym(library, "espalier_cuda_interface");
  if (symbol == nullptr) {
    dlclose(library);
    return fail(ESP_UNAVAILABLE, "esp_cuda_open: expected libespalier_kernels_cuda, got %s", path);
  }
  opened.store(reinterpret_cast<cuda_interface_function>(symbol)(&message_buffer),
               std::memory_order_release);
  return ESP_OK;
}

int32_t esp_cuda_device_count(void) {
  const cuda_interface* cuda = opened.load(std::memory_order_acquire);
  return cuda == nullptr ? 0 : cuda->device_count();
}

int32_t esp_kernel_count(void) {
  return cpu_kernel_rows().count + cuda_kernel_rows().count;
}

const char* esp_kernel_name(int32_t index) {
  const kernel_row* row = row_at(index);
  return row == nullptr ? nullptr : row->name;
}

int32_t esp_kernel_backend(int32_t index) {
  const kernel_row* row = row_at(index);
  return row == nullptr ? -1 : row->backend;
}
