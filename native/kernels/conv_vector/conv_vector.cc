// Checks arguments and calls the kernel of the target.
#include "kernels/conv_vector/conv_vector.h"

#include "base/backend.h"
#include "base/check.h"
#include "base/epilogue.h"
#include "kernels/conv_vector/conv_vector_cpu.h"

namespace espalier {
namespace {

using ll = long long;

// What every function checks: the target, the shape, the number of kept vectors, and that the
// backend has the operation.
int32_t prepare(const char* function, const char* operation, const esp_target* target,
                const esp_conv2d_shape* shape, int64_t vectors, esp_target* resolved,
                const kernel_row** row) {
  ESP_TRY(resolve_target(function, target, resolved));
  ESP_TRY(check_conv_shape(function, shape));
  const int64_t most = vector_blocks(*shape) * vector_positions(*shape);
  ESP_REQUIRE(vectors >= 0 && vectors <= most,
              "%s: vectors: expected 0 to %lld (blocks of 16 outputs times positions), got %lld",
              function, static_cast<ll>(most), static_cast<ll>(vectors));
  return find_kernel(function, operation, *resolved, row);
}

int64_t packed_bytes(const esp_target& resolved, const esp_conv2d_shape& s, int64_t vectors) {
  if (resolved.backend == ESP_BACKEND_REFERENCE)
    return 8 * (vector_blocks(s) + 1) +
           static_cast<int64_t>(sizeof(vector_reference_entry)) * vectors;
  return vector_cpu_packed_bytes(s, vectors, resolved.backend == ESP_BACKEND_AVX512 ? 16 : 8);
}

int32_t check_packable(const char* function, const esp_target& resolved, const esp_conv2d_shape& s,
                       int64_t vectors) {
  if (packed_bytes(resolved, s, vectors) >= 0) return ESP_OK;
  return fail(ESP_UNSUPPORTED,
              "%s: shape: expected a kernel and dilation that fit a tile of backend %s, got %lld x "
              "%lld with dilation %lld x %lld",
              function, backend_name(resolved.backend), static_cast<ll>(s.r), static_cast<ll>(s.s),
              static_cast<ll>(s.dilation_h), static_cast<ll>(s.dilation_w));
}

int32_t check_packed(const char* function, const void* packed) {
  ESP_REQUIRE(packed != nullptr && is_aligned(packed, 64),
              "%s: packed: expected an address that is a multiple of 64, got %p", function, packed);
  return ESP_OK;
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int64_t esp_conv2d_vector_packed_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                       int64_t vectors) {
  const char* function = "esp_conv2d_vector_packed_bytes";
  esp_target resolved;
  const kernel_row* row;
  if (prepare(function, "conv2d_vector_pack", target, shape, vectors, &resolved, &row) != ESP_OK ||
      check_packable(function, resolved, *shape, vectors) != ESP_OK)
    return -1;
  return packed_bytes(resolved, *shape, vectors);
}

int32_t esp_conv2d_vector_pack(const esp_target* target, const esp_conv2d_shape* shape,
                               const void* weight, const void* bits, int64_t vectors, void* packed,
                               void*, void* stream) {
  const char* function = "esp_conv2d_vector_pack";
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(prepare(function, "conv2d_vector_pack", target, shape, vectors, &resolved, &row));
  ESP_TRY(check_packable(function, resolved, *shape, vectors));
  ESP_REQUIRE(weight != nullptr, "%s: weight: expected a tensor, got NULL", function);
  ESP_TRY(check_aligned(function, "weight", weight, sizeof(float)));
  ESP_TRY(check_aligned(function, "bits", bits, sizeof(uint32_t)));
  ESP_TRY(check_packed(function, packed));
  return run_kernel(*row, conv2d_vector_pack_call{shape, static_cast<const float*>(weight),
                                                  static_cast<const uint32_t*>(bits), vectors,
                                                  packed, resolved.threads, stream});
}

int64_t esp_conv2d_vector_pack_workspace_bytes(const esp_target* target,
                                               const esp_conv2d_shape* shape, int64_t vectors) {
  esp_target resolved;
  const kernel_row* row;
  const int32_t status = prepare("esp_conv2d_vector_pack_workspace_bytes", "conv2d_vector_pack",
                                 target, shape, vectors, &resolved, &row);
  return status == ESP_OK ? 0 : -1;
}

int32_t esp_conv2d_vector(const esp_target* target, const esp_conv2d_shape* shape,
                          const void* input, const void* packed, int64_t vectors,
                          const esp_epilogue* epilogue, void* output, void* workspace,
                          void* stream) {
  const char* function = "esp_conv2d_vector";
  esp_target resolved;
  const kernel_row* row;
  conv2d_vector_call call{};
  ESP_TRY(prepare(function, "conv2d_vector", target, shape, vectors, &resolved, &row));
  ESP_TRY(check_epilogue(function, epilogue, &call.epilogue));
  ESP_TRY(check_packed(function, packed));
  if (shape->n == 0) return ESP_OK;
  ESP_REQUIRE(input != nullptr, "%s: input: expected a tensor, got NULL", function);
  ESP_REQUIRE(output != nullptr, "%s: output: expected a tensor, got NULL", function);
  ESP_TRY(check_aligned(function, "input", input, sizeof(float)));
  ESP_TRY(check_aligned(function, "output", output, sizeof(float)));
  ESP_TRY(check_aligned(function, "epilogue.bias", call.epilogue.bias, sizeof(float)));
  ESP_TRY(check_aligned(function, "epilogue.residual", call.epilogue.residual, sizeof(float)));
  call.shape = shape;
  call.input = static_cast<const float*>(input);
  call.packed = packed;
  call.vectors = vectors;
  call.output = static_cast<float*>(output);
  call.threads = resolved.threads;
  call.workspace = workspace;
  call.stream = stream;
  return run_kernel(*row, call);
}

int64_t esp_conv2d_vector_workspace_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                          int64_t vectors) {
  const char* function = "esp_conv2d_vector_workspace_bytes";
  esp_target resolved;
  const kernel_row* row;
  if (prepare(function, "conv2d_vector", target, shape, vectors, &resolved, &row) != ESP_OK ||
      check_packable(function, resolved, *shape, vectors) != ESP_OK)
    return -1;
  if (resolved.backend == ESP_BACKEND_REFERENCE) return 0;
  return vector_cpu_workspace_bytes(
      *shape, vectors, resolved.backend == ESP_BACKEND_AVX512 ? 16 : 8, resolved.threads);
}
