#include "base/testing/memory.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "espalier/kernels.h"

#ifdef ESPALIER_TEST_CUDART
#include <cuda_runtime_api.h>
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace espalier::test {
namespace {

constexpr size_t alignment = 256;
constexpr int canary = 0xa5;

#ifdef ESPALIER_TEST_CUDART
void check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

bool on_device(int32_t backend) {
  return backend == ESP_BACKEND_CUDA;
}

char* allocate(bool device, size_t bytes) {
  void* memory = nullptr;
  if (device)
    check(cudaMalloc(&memory, bytes));
  else
    memory = std::aligned_alloc(alignment, bytes);
  return static_cast<char*>(memory);
}

void release(bool device, char* memory) {
  if (device)
    cudaFree(memory);
  else
    std::free(memory);
}

void copy(bool device, void* target, const void* source, size_t bytes) {
  if (device)
    check(cudaMemcpy(target, source, bytes, cudaMemcpyDefault));
  else
    std::memcpy(target, source, bytes);
}
#else
bool on_device(int32_t) {
  return false;
}
char* allocate(bool, size_t bytes) {
  return static_cast<char*>(std::aligned_alloc(alignment, bytes));
}
void release(bool, char* memory) {
  std::free(memory);
}
void copy(bool, void* target, const void* source, size_t bytes) {
  std::memcpy(target, source, bytes);
}
#endif

size_t rounded(size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

}  // namespace

guarded_memory::guarded_memory(int32_t backend, size_t bytes, size_t offset)
    : device_(on_device(backend)),
      bytes_(bytes),
      front_(guard_bytes + offset),
      base_(allocate(device_, rounded(front_ + bytes + guard_bytes))) {
  const std::vector<char> pattern(front_ + bytes_ + guard_bytes, static_cast<char>(canary));
  copy(device_, base_, pattern.data(), pattern.size());
  poison(true);
}

guarded_memory::~guarded_memory() {
  poison(false);
  release(device_, base_);
}

void guarded_memory::write(const void* source) {
  if (bytes_ > 0) copy(device_, data(), source, bytes_);
}

void guarded_memory::read(void* target) const {
  if (bytes_ > 0) copy(device_, target, data(), bytes_);
}

bool guarded_memory::guards_intact() const {
  std::vector<unsigned char> all(front_ + bytes_ + guard_bytes);
  poison(false);
  copy(device_, all.data(), base_, all.size());
  poison(true);
  for (size_t i = 0; i < all.size(); ++i)
    if ((i < front_ || i >= front_ + bytes_) && all[i] != canary) return false;
  return true;
}

void guarded_memory::poison(bool on) const {
#ifdef __SANITIZE_ADDRESS__
  if (device_) return;
  const size_t back = front_ + bytes_;
  // A granule of 8 bytes can only be poisoned from some byte on: round the front guard down.
  if (on) {
    __asan_poison_memory_region(base_, front_ / 8 * 8);
    __asan_poison_memory_region(base_ + back, guard_bytes);
  } else {
    __asan_unpoison_memory_region(base_, rounded(back + guard_bytes));
  }
#else
  static_cast<void>(on);
#endif
}

}  // namespace espalier::test
