#include "base/backend.h"

#include <cstdio>
#include <cstring>

#include "base/arch.h"

namespace espalier {
namespace {

int32_t fastest_cpu_backend() {
  if (avx512_unavailable() == nullptr) return ESP_BACKEND_AVX512;
  if (avx2_unavailable() == nullptr) return ESP_BACKEND_AVX2;
  return ESP_BACKEND_REFERENCE;
}

const kernel_row* find_row(kernel_rows table, const char* operation, int32_t backend) {
  for (int32_t i = 0; i < table.count; ++i) {
    const kernel_row& row = table.rows[i];
    if (row.backend == backend && std::strcmp(row.operation, operation) == 0) return &row;
  }
  return nullptr;
}

// More is a mistake, and the OpenMP runtime ends a process that it cannot give its threads.
constexpr int32_t most_threads = 1024;

int32_t isa_status(const char* argument, const char* isa, const char* cause) {
  return cause == nullptr ? ESP_OK : fail(ESP_UNAVAILABLE, "%s %s: %s", argument, isa, cause);
}

int32_t cuda_status(const char* argument) {
  if (cuda_kernel_rows().count == 0)
    return fail(ESP_UNAVAILABLE,
                "%s CUDA: expected the CUDA library to be open, got none; call esp_cuda_open",
                argument);
  if (esp_cuda_device_count() == 0)
    return fail(ESP_UNAVAILABLE, "%s CUDA: expected a usable device, got none; check the driver",
                argument);
  return ESP_OK;
}

// `argument` names the backend in the message.
int32_t backend_status(const char* argument, int32_t backend) {
  switch (backend) {
    case ESP_BACKEND_AUTO:
    case ESP_BACKEND_REFERENCE: return ESP_OK;
    case ESP_BACKEND_AVX2: return isa_status(argument, "AVX2", avx2_unavailable());
    case ESP_BACKEND_AVX512: return isa_status(argument, "AVX512", avx512_unavailable());
    case ESP_BACKEND_CUDA: return cuda_status(argument);
    default:
      return fail(ESP_INVALID_ARGUMENT, "%s: expected 0 to %d, got %d", argument, ESP_BACKEND_CUDA,
                  backend);
  }
}

}  // namespace

const char* backend_name(int32_t backend) {
  static const char* const names[] = {"AUTO", "REFERENCE", "AVX2", "AVX512", "CUDA"};
  return backend >= 0 && backend <= ESP_BACKEND_CUDA ? names[backend] : "unknown";
}

int32_t resolve_target(const char* function, const esp_target* target, esp_target* resolved) {
  ESP_REQUIRE(target != nullptr, "%s: target: expected a target, got NULL", function);
  *resolved = *target;
  if (resolved->backend == ESP_BACKEND_AUTO) resolved->backend = fastest_cpu_backend();
  char argument[96];
  std::snprintf(argument, sizeof argument, "%s: target.backend", function);
  ESP_TRY(backend_status(argument, resolved->backend));
  ESP_REQUIRE(resolved->backend == ESP_BACKEND_CUDA || resolved->threads >= 1,
              "%s: target.threads: expected at least 1, got %d", function, resolved->threads);
  ESP_REQUIRE(resolved->backend == ESP_BACKEND_CUDA || resolved->threads <= most_threads,
              "%s: target.threads: expected at most %d, got %d", function, most_threads,
              resolved->threads);
  return ESP_OK;
}

int32_t find_kernel(const char* function, const char* operation, const esp_target& resolved,
                    const kernel_row** row) {
  const bool cuda = resolved.backend == ESP_BACKEND_CUDA;
  *row = find_row(cuda ? cuda_kernel_rows() : cpu_kernel_rows(), operation, resolved.backend);
  if (*row != nullptr) return ESP_OK;
  return fail(ESP_UNSUPPORTED, "%s: expected a kernel for %s, got none in backend %s", function,
              operation, backend_name(resolved.backend));
}

int32_t check_workspace(const char* function, const void* workspace, int64_t bytes) {
  ESP_REQUIRE(bytes == 0 || workspace != nullptr, "%s: workspace: expected %lld bytes, got NULL",
              function, static_cast<long long>(bytes));
  ESP_REQUIRE(bytes == 0 || reinterpret_cast<uintptr_t>(workspace) % 64 == 0,
              "%s: workspace: expected an address that is a multiple of 64, got %p", function,
              workspace);
  return ESP_OK;
}

}  // namespace espalier

int32_t esp_backend_available(int32_t backend) {
  return espalier::backend_status("backend", backend) == ESP_OK ? 1 : 0;
}
