// Checks arguments and calls the kernel of the target.
#include "kernels/conv/conv.h"

#include "base/backend.h"
#include "base/check.h"
#include "base/epilogue.h"
#include "kernels/conv/conv_cpu.h"
#include "kernels/conv/conv_cuda.h"

namespace espalier {
namespace {

using ll = long long;

int32_t check_shape(const char* function, const esp_conv2d_shape* shape, int64_t nonzeros) {
  ESP_TRY(check_conv_shape(function, shape));
  const esp_conv2d_shape& s = *shape;
  ESP_REQUIRE(nonzeros >= 0 && nonzeros <= conv_weight_count(s),
              "%s: nonzeros: expected 0 to %lld (the number of weights), got %lld", function,
              static_cast<ll>(conv_weight_count(s)), static_cast<ll>(nonzeros));
  return ESP_OK;
}

// Bytes of the packed form and of the workspace; the status says whether the backend takes the
// shape.
struct conv_bytes {
  int64_t packed, workspace;
};

int32_t measure(const char* function, const esp_target& resolved, const esp_conv2d_shape& s,
                int64_t nonzeros, conv_bytes* bytes) {
  switch (resolved.backend) {
    case ESP_BACKEND_REFERENCE:
      *bytes = {8 * (s.k + 1) + static_cast<int64_t>(sizeof(conv_reference_entry)) * nonzeros, 0};
      return ESP_OK;
    case ESP_BACKEND_CUDA: bytes->packed = conv_cuda_packed_bytes(s, nonzeros); break;
    default: {
      const int32_t lanes = resolved.backend == ESP_BACKEND_AVX512 ? 16 : 8;
      bytes->packed = conv_cpu_packed_bytes(s, nonzeros, lanes);
      bytes->workspace = conv_cpu_workspace_bytes(s, nonzeros, lanes, resolved.threads);
    }
  }
  if (bytes->packed >= 0) return ESP_OK;
  return fail(ESP_UNSUPPORTED,
              "%s: shape: expected a kernel and dilation that fit a tile of backend %s, got %lld x "
              "%lld with dilation %lld x %lld",
              function, backend_name(resolved.backend), static_cast<ll>(s.r), static_cast<ll>(s.s),
              static_cast<ll>(s.dilation_h), static_cast<ll>(s.dilation_w));
}

int32_t prepare(const char* function, const esp_target* target, const esp_conv2d_shape* shape,
                int64_t nonzeros, esp_target* resolved, conv_bytes* bytes) {
  *bytes = {0, 0};
  ESP_TRY(resolve_target(function, target, resolved));
  ESP_TRY(check_shape(function, shape, nonzeros));
  return measure(function, *resolved, *shape, nonzeros, bytes);
}

int32_t check_packed(const char* function, const void* packed) {
  ESP_REQUIRE(packed != nullptr && is_aligned(packed, 64),
              "%s: packed: expected an address that is a multiple of 64, got %p", function, packed);
  return ESP_OK;
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int64_t esp_conv2d_packed_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                int64_t nonzeros) {
  esp_target resolved;
  conv_bytes bytes;
  const bool taken =
      prepare("esp_conv2d_packed_bytes", target, shape, nonzeros, &resolved, &bytes) == ESP_OK;
  return taken ? bytes.packed : -1;
}

int32_t esp_conv2d_pack(const esp_target* target, const esp_conv2d_shape* shape, const void* weight,
                        const void* bits, int64_t nonzeros, void* packed, void*, void* stream) {
  const char* function = "esp_conv2d_pack";
  esp_target resolved;
  conv_bytes bytes;
  const kernel_row* row;
  ESP_TRY(prepare(function, target, shape, nonzeros, &resolved, &bytes));
  ESP_TRY(find_kernel(function, "conv2d_pack", resolved, &row));
  ESP_REQUIRE(weight != nullptr, "%s: weight: expected a tensor, got NULL", function);
  ESP_REQUIRE(bits != nullptr || nonzeros == conv_weight_count(*shape),
              "%s: nonzeros: expected %lld (no mask keeps all weights), got %lld", function,
              static_cast<ll>(conv_weight_count(*shape)), static_cast<ll>(nonzeros));
  ESP_TRY(check_aligned(function, "weight", weight, sizeof(float)));
  ESP_TRY(check_aligned(function, "bits", bits, sizeof(uint32_t)));
  ESP_TRY(check_packed(function, packed));
  return run_kernel(*row, conv2d_pack_call{shape, static_cast<const float*>(weight),
                                           static_cast<const uint32_t*>(bits), nonzeros, packed,
                                           resolved.threads, stream});
}

int64_t esp_conv2d_pack_workspace_bytes(const esp_target*, const esp_conv2d_shape*, int64_t) {
  return 0;
}

int32_t esp_conv2d(const esp_target* target, const esp_conv2d_shape* shape, const void* input,
                   const void* packed, int64_t nonzeros, const esp_epilogue* epilogue, void* output,
                   void* workspace, void* stream) {
  const char* function = "esp_conv2d";
  esp_target resolved;
  const kernel_row* row;
  conv2d_call call{};
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(check_shape(function, shape, nonzeros));
  ESP_TRY(find_kernel(function, "conv2d", resolved, &row));
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
  call.nonzeros = nonzeros;
  call.output = static_cast<float*>(output);
  call.threads = resolved.threads;
  call.workspace = workspace;
  call.stream = stream;
  return run_kernel(*row, call);
}

int64_t esp_conv2d_workspace_bytes(const esp_target* target, const esp_conv2d_shape* shape,
                                   int64_t nonzeros) {
  esp_target resolved;
  conv_bytes bytes;
  const bool taken =
      prepare("esp_conv2d_workspace_bytes", target, shape, nonzeros, &resolved, &bytes) == ESP_OK;
  return taken ? bytes.workspace : -1;
}
