// Checks arguments and calls the kernel of the target.
#include "kernels/conv_half/conv_half.h"

#include "base/backend.h"
#include "base/check.h"
#include "base/epilogue.h"
#include "kernels/conv_half/conv_half_packed.h"

namespace espalier {
namespace {

using ll = long long;

int32_t check_layout(const char* function, const esp_conv2d_half_layout* layout, int64_t vectors) {
  ESP_REQUIRE(layout != nullptr, "%s: layout: expected a layout, got NULL", function);
  const esp_conv2d_half_layout& l = *layout;
  ESP_TRY(check_conv_shape(function, &l.shape));
  ESP_REQUIRE(l.dtype == ESP_DTYPE_F16 || l.dtype == ESP_DTYPE_BF16,
              "%s: layout.dtype: expected ESP_DTYPE_* (0 or 1), got %d", function, l.dtype);
  ESP_REQUIRE(l.pattern == ESP_PATTERN_VECTOR || l.pattern == ESP_PATTERN_TWO_OF_FOUR,
              "%s: layout.pattern: expected ESP_PATTERN_* (0 or 1), got %d", function, l.pattern);
  if (l.pattern == ESP_PATTERN_TWO_OF_FOUR) {
    ESP_REQUIRE(l.vector == 0,
                "%s: layout.vector: expected 0 in the pattern ESP_PATTERN_TWO_OF_FOUR, got %d",
                function, l.vector);
    ESP_REQUIRE(vectors == 0,
                "%s: vectors: expected 0 in the pattern ESP_PATTERN_TWO_OF_FOUR, got %lld",
                function, static_cast<ll>(vectors));
    const int64_t channels = l.shape.c / l.shape.groups;
    if (channels % 4 == 0) return ESP_OK;
    return fail(ESP_UNSUPPORTED,
                "%s: layout.shape.c: expected a multiple of 4 channels per group in the pattern "
                "ESP_PATTERN_TWO_OF_FOUR, got %lld",
                function, static_cast<ll>(channels));
  }
  ESP_REQUIRE(l.vector == 16 || l.vector == 32, "%s: layout.vector: expected 16 or 32, got %d",
              function, l.vector);
  ESP_REQUIRE(vectors >= 0 && vectors <= half_vector_count(l),
              "%s: vectors: expected 0 to %lld (blocks of %d outputs times positions), got %lld",
              function, static_cast<ll>(half_vector_count(l)), l.vector, static_cast<ll>(vectors));
  return ESP_OK;
}

// What every function checks, and the size of the packed form.
int32_t prepare(const char* function, const char* operation, const esp_target* target,
                const esp_conv2d_half_layout* layout, int64_t vectors, const kernel_row** row,
                int64_t* packed_bytes) {
  esp_target resolved;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(check_layout(function, layout, vectors));
  ESP_TRY(find_kernel(function, operation, resolved, row));
  const esp_conv2d_half_layout& l = *layout;
  if (resolved.backend == ESP_BACKEND_REFERENCE) {
    *packed_bytes =
        l.pattern == ESP_PATTERN_VECTOR
            ? 8 * (l.shape.groups * half_group_blocks(l.shape, l.vector) + 1) +
                  static_cast<ll>(sizeof(half_reference_vector)) * vectors
            : conv_weight_count(l.shape) / 4 * static_cast<ll>(sizeof(half_reference_pair));
    return ESP_OK;
  }
  half_plan plan{};
  if (!make_half_plan(l.shape, &plan))
    return fail(ESP_UNSUPPORTED,
                "%s: layout.shape: expected a kernel and dilation that fit a tile of %d pixels, "
                "got %lld x %lld with dilation %lld x %lld",
                function, half_most_positions, static_cast<ll>(l.shape.r),
                static_cast<ll>(l.shape.s), static_cast<ll>(l.shape.dilation_h),
                static_cast<ll>(l.shape.dilation_w));
  *packed_bytes = make_half_packed(l, plan, vectors).bytes;
  return ESP_OK;
}

int32_t check_packed(const char* function, const void* packed) {
  ESP_REQUIRE(packed != nullptr && is_aligned(packed, 64),
              "%s: packed: expected an address that is a multiple of 64, got %p", function, packed);
  return ESP_OK;
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int64_t esp_conv2d_half_packed_bytes(const esp_target* target, const esp_conv2d_half_layout* layout,
                                     int64_t vectors) {
  const kernel_row* row;
  int64_t bytes;
  const int32_t status = prepare("esp_conv2d_half_packed_bytes", "conv2d_half_pack", target, layout,
                                 vectors, &row, &bytes);
  return status == ESP_OK ? bytes : -1;
}

int32_t esp_conv2d_half_pack(const esp_target* target, const esp_conv2d_half_layout* layout,
                             const void* weight, const void* bits, int64_t vectors, void* packed,
                             void*, void* stream) {
  const char* function = "esp_conv2d_half_pack";
  const kernel_row* row;
  int64_t bytes;
  ESP_TRY(prepare(function, "conv2d_half_pack", target, layout, vectors, &row, &bytes));
  ESP_REQUIRE(weight != nullptr, "%s: weight: expected a tensor, got NULL", function);
  ESP_REQUIRE(bits != nullptr || layout->pattern == ESP_PATTERN_TWO_OF_FOUR ||
                  vectors == half_vector_count(*layout),
              "%s: vectors: expected %lld (no mask keeps all vectors), got %lld", function,
              static_cast<ll>(half_vector_count(*layout)), static_cast<ll>(vectors));
  ESP_TRY(check_aligned(function, "weight", weight, sizeof(float)));
  ESP_TRY(check_aligned(function, "bits", bits, sizeof(uint32_t)));
  ESP_TRY(check_packed(function, packed));
  return run_kernel(
      *row, conv2d_half_pack_call{layout, static_cast<const float*>(weight),
                                  static_cast<const uint32_t*>(bits), vectors, packed, stream});
}

int64_t esp_conv2d_half_pack_workspace_bytes(const esp_target* target,
                                             const esp_conv2d_half_layout* layout,
                                             int64_t vectors) {
  const kernel_row* row;
  int64_t bytes;
  const int32_t status = prepare("esp_conv2d_half_pack_workspace_bytes", "conv2d_half_pack", target,
                                 layout, vectors, &row, &bytes);
  return status == ESP_OK ? 0 : -1;
}

int32_t esp_conv2d_half(const esp_target* target, const esp_conv2d_half_layout* layout,
                        const void* input, const void* packed, int64_t vectors,
                        const esp_epilogue* epilogue, void* output, void*, void* stream) {
  const char* function = "esp_conv2d_half";
  const kernel_row* row;
  int64_t bytes;
  conv2d_half_call call{};
  ESP_TRY(prepare(function, "conv2d_half", target, layout, vectors, &row, &bytes));
  ESP_TRY(check_epilogue(function, epilogue, &call.epilogue));
  ESP_TRY(check_packed(function, packed));
  if (layout->shape.n == 0) return ESP_OK;
  ESP_REQUIRE(input != nullptr, "%s: input: expected a tensor, got NULL", function);
  ESP_REQUIRE(output != nullptr, "%s: output: expected a tensor, got NULL", function);
  ESP_TRY(check_aligned(function, "input", input, sizeof(uint16_t)));
  ESP_TRY(check_aligned(function, "output", output, sizeof(uint16_t)));
  ESP_TRY(check_aligned(function, "epilogue.bias", call.epilogue.bias, sizeof(float)));
  ESP_TRY(check_aligned(function, "epilogue.residual", call.epilogue.residual, sizeof(uint16_t)));
  call.layout = layout;
  call.input = static_cast<const uint16_t*>(input);
  call.packed = packed;
  call.vectors = vectors;
  call.output = static_cast<uint16_t*>(output);
  call.stream = stream;
  return run_kernel(*row, call);
}

int64_t esp_conv2d_half_workspace_bytes(const esp_target* target,
                                        const esp_conv2d_half_layout* layout, int64_t vectors) {
  const kernel_row* row;
  int64_t bytes;
  const int32_t status = prepare("esp_conv2d_half_workspace_bytes", "conv2d_half", target, layout,
                                 vectors, &row, &bytes);
  return status == ESP_OK ? 0 : -1;
}
