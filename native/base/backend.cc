#include "base/backend.h"

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

int32_t isa_status(const char* isa, const char* cause) {
  return cause == nullptr ? ESP_OK : fail(ESP_UNAVAILABLE, "backend %s: %s", isa, cause);
}

int32_t cuda_status() {
  if (cuda_kernel_rows().count == 0)
    return fail(ESP_UNAVAILABLE,
                "backend CUDA: expected the CUDA library to be open, got none; call esp_cuda_open");
  if (esp_cuda_device_count() == 0)
    return fail(ESP_UNAVAILABLE,
                "backend CUDA: expected a usable device, got none; check the driver");
  return ESP_OK;
}

int32_t backend_status(int32_t backend) {
  switch (backend) {
    case ESP_BACKEND_AUTO:
    case ESP_BACKEND_REFERENCE: return ESP_OK;
    case ESP_BACKEND_AVX2: return isa_status("AVX2", avx2_unavailable());
    case ESP_BACKEND_AVX512: return isa_status("AVX512", avx512_unavailable());
    case ESP_BACKEND_CUDA: return cuda_status();
    default:
      return fail(ESP_INVALID_ARGUMENT, "backend: expected 0 to %d, got %d", ESP_BACKEND_CUDA,
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
  ESP_TRY(backend_status(resolved->backend));
  ESP_REQUIRE(resolved->backend == ESP_BACKEND_CUDA || resolved->threads >= 1,
              "%s: target.threads: expected at least 1, got %d", function, resolved->threads);
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
  return espalier::backend_status(backend) == ESP_OK ? 1 : 0;
}
