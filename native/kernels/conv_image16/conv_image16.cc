// Checks arguments and calls the kernel of the target.
#include "kernels/conv_image16/conv_image16.h"

#include "base/backend.h"
#include "base/check.h"
#include "base/epilogue.h"
#include "kernels/conv_image16/conv_image16_arguments.h"
#include "kernels/conv_image16/conv_image16_cpu.h"

namespace espalier {
namespace {

using ll = long long;

int32_t check_lines(const char* function, const char* name, const void* address) {
  ESP_REQUIRE(address != nullptr, "%s: %s: expected an address, got NULL", function, name);
  return check_aligned(function, name, address, 64);
}

// Anything of four-byte elements.
int32_t check_tensor(const char* function, const char* name, const void* address) {
  ESP_REQUIRE(address != nullptr, "%s: %s: expected a tensor, got NULL", function, name);
  return check_aligned(function, name, address, 4);
}

int32_t prepare(const char* function, const char* operation, const esp_target* target,
                const esp_conv2d_image16_layout* layout, int64_t nonzeros, esp_target* resolved,
                const kernel_row** row) {
  ESP_TRY(resolve_target(function, target, resolved));
  ESP_TRY(image16_check_layout(function, layout, nonzeros));
  return find_kernel(function, operation, *resolved, row);
}

bool has_workspace(const esp_target& resolved) {
  return resolved.backend != ESP_BACKEND_REFERENCE;
}

template <class Call, class Fill>
int32_t convert(const char* function, const char* operation, const esp_target* target,
                const esp_image16* extents, int32_t order, const void* image16, const void* images,
                Fill&& fill) {
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(image16_check_extents(function, extents));
  ESP_REQUIRE(order == ESP_ORDER_NCHW || order == ESP_ORDER_NHWC,
              "%s: order: expected ESP_ORDER_NCHW (0) or ESP_ORDER_NHWC (1), got %d", function,
              order);
  ESP_TRY(find_kernel(function, operation, resolved, &row));
  if (extents->n == 0) return ESP_OK;
  ESP_TRY(check_lines(function, "image16", image16));
  ESP_TRY(check_tensor(function, "images", images));
  Call call = fill();
  call.extents = extents;
  call.channels_last = order == ESP_ORDER_NHWC;
  call.threads = resolved.threads;
  return run_kernel(*row, call);
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int64_t esp_image16_bytes(const esp_image16* extents) {
  if (image16_check_extents("esp_image16_bytes", extents) != ESP_OK) return -1;
  return image16_blocks(extents->n) * extents->c * image16_strides_of(*extents).plane *
         image16_line;
}

int32_t esp_image16_pack(const esp_target* target, const esp_image16* extents, int32_t order,
                         const void* images, void* image16, void*, void*) {
  return convert<image16_pack_call>(
      "esp_image16_pack", "image16_pack", target, extents, order, image16, images, [&] {
        return image16_pack_call{nullptr, false, static_cast<const float*>(images),
                                 static_cast<float*>(image16), 0};
      });
}

int32_t esp_image16_unpack(const esp_target* target, const esp_image16* extents, int32_t order,
                           const void* image16, void* images, void*, void*) {
  return convert<image16_unpack_call>(
      "esp_image16_unpack", "image16_unpack", target, extents, order, image16, images, [&] {
        return image16_unpack_call{nullptr, false, static_cast<const float*>(image16),
                                   static_cast<float*>(images), 0};
      });
}

int32_t esp_conv2d_image16_halo(const esp_conv2d_shape* shape, int32_t direction, int64_t* halo_h,
                                int64_t* halo_w) {
  const char* function = "esp_conv2d_image16_halo";
  ESP_TRY(check_conv_shape(function, shape));
  ESP_TRY(image16_check_direction(function, "direction", direction));
  ESP_REQUIRE(halo_h != nullptr && halo_w != nullptr,
              "%s: halo_h, halo_w: expected two addresses, got NULL", function);
  image16_least_halo({*shape, 0, 0, 0, 0, direction}, halo_h, halo_w);
  return ESP_OK;
}

int64_t esp_conv2d_image16_packed_bytes(const esp_target* target,
                                        const esp_conv2d_image16_layout* layout, int64_t nonzeros) {
  esp_target resolved;
  const kernel_row* row;
  if (prepare("esp_conv2d_image16_packed_bytes", "conv2d_image16_pack", target, layout, nonzeros,
              &resolved, &row) != ESP_OK)
    return -1;
  return image16_packed_bytes(*layout, nonzeros);
}

int32_t esp_conv2d_image16_pack(const esp_target* target, const esp_conv2d_image16_layout* layout,
                                const void* weight, const void* bits, int64_t nonzeros,
                                void* packed, void*, void*) {
  const char* function = "esp_conv2d_image16_pack";
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(prepare(function, "conv2d_image16_pack", target, layout, nonzeros, &resolved, &row));
  ESP_TRY(check_tensor(function, "weight", weight));
  ESP_TRY(check_aligned(function, "bits", bits, 4));
  const int64_t weights = conv_weight_count(layout->shape);
  ESP_REQUIRE(bits != nullptr || nonzeros == weights,
              "%s: nonzeros: expected %lld (no mask keeps all weights), got %lld", function,
              static_cast<ll>(weights), static_cast<ll>(nonzeros));
  ESP_TRY(check_lines(function, "packed", packed));
  return run_kernel(*row, conv2d_image16_pack_call{layout, static_cast<const float*>(weight),
                                                   static_cast<const uint32_t*>(bits), nonzeros,
                                                   packed, resolved.threads});
}

int64_t esp_conv2d_image16_pack_workspace_bytes(const esp_target*, const esp_conv2d_image16_layout*,
                                                int64_t) {
  return 0;
}

int32_t esp_conv2d_image16(const esp_target* target, const esp_conv2d_image16_layout* layout,
                           const void* source, const void* packed, int64_t nonzeros,
                           const esp_epilogue* epilogue, void* result, void* workspace, void*) {
  const char* function = "esp_conv2d_image16";
  esp_target resolved;
  const kernel_row* row;
  esp_epilogue finish;
  ESP_TRY(prepare(function, "conv2d_image16", target, layout, nonzeros, &resolved, &row));
  ESP_TRY(check_epilogue(function, epilogue, &finish));
  ESP_TRY(check_lines(function, "packed", packed));
  const auto* const head = static_cast<const packed_image16*>(packed);
  ESP_TRY(check_packed_image16(function, *layout, *head, nonzeros));
  if (layout->shape.n == 0) return ESP_OK;
  ESP_TRY(check_lines(function, "source", source));
  ESP_TRY(check_lines(function, "result", result));
  ESP_TRY(check_aligned(function, "epilogue.bias", finish.bias, 4));
  if (finish.residual != nullptr)
    ESP_TRY(check_lines(function, "epilogue.residual", finish.residual));
  if (has_workspace(resolved))
    ESP_TRY(check_workspace(function, workspace,
                            conv2d_image16_cpu_workspace_bytes(*layout, resolved.threads)));
  return run_kernel(*row,
                    conv2d_image16_call{layout, static_cast<const float*>(source), head, &finish,
                                        static_cast<float*>(result), resolved.threads, workspace});
}

int64_t esp_conv2d_image16_workspace_bytes(const esp_target* target,
                                           const esp_conv2d_image16_layout* layout,
                                           int64_t nonzeros) {
  esp_target resolved;
  const kernel_row* row;
  if (prepare("esp_conv2d_image16_workspace_bytes", "conv2d_image16", target, layout, nonzeros,
              &resolved, &row) != ESP_OK)
    return -1;
  return has_workspace(resolved) ? conv2d_image16_cpu_workspace_bytes(*layout, resolved.threads)
                                 : 0;
}

int32_t esp_conv2d_image16_weight_gradient(const esp_target* target,
                                           const esp_conv2d_image16_layout* layout,
                                           const void* input, const void* output_gradient,
                                           const void* packed, const void* bits, int64_t nonzeros,
                                           void* weight_gradient, void* workspace, void*) {
  const char* function = "esp_conv2d_image16_weight_gradient";
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(prepare(function, "conv2d_image16_weight_gradient", target, layout, nonzeros, &resolved,
                  &row));
  ESP_REQUIRE(layout->direction == ESP_DIRECTION_FORWARD,
              "%s: layout.direction: expected ESP_DIRECTION_FORWARD (0), got %d", function,
              layout->direction);
  const int64_t weights = conv_weight_count(layout->shape);
  ESP_REQUIRE(bits != nullptr || nonzeros == weights,
              "%s: nonzeros: expected %lld (no mask keeps all weights), got %lld", function,
              static_cast<ll>(weights), static_cast<ll>(nonzeros));
  ESP_TRY(check_lines(function, "packed", packed));
  const auto* const head = static_cast<const packed_image16*>(packed);
  ESP_TRY(check_packed_image16(function, *layout, *head, nonzeros));
  ESP_TRY(check_tensor(function, "weight_gradient", weight_gradient));
  ESP_TRY(check_aligned(function, "bits", bits, 4));
  if (layout->shape.n != 0) {
    ESP_TRY(check_lines(function, "input", input));
    ESP_TRY(check_lines(function, "output_gradient", output_gradient));
  }
  if (has_workspace(resolved))
    ESP_TRY(check_workspace(function, workspace, weight_gradient_cpu_workspace_bytes(nonzeros)));
  return run_kernel(*row, conv2d_image16_weight_gradient_call{
                              layout, static_cast<const float*>(input),
                              static_cast<const float*>(output_gradient), head,
                              static_cast<const uint32_t*>(bits),
                              static_cast<float*>(weight_gradient), resolved.threads, workspace});
}

int64_t esp_conv2d_image16_weight_gradient_workspace_bytes(const esp_target* target,
                                                           const esp_conv2d_image16_layout* layout,
                                                           int64_t nonzeros) {
  esp_target resolved;
  const kernel_row* row;
  if (prepare("esp_conv2d_image16_weight_gradient_workspace_bytes",
              "conv2d_image16_weight_gradient", target, layout, nonzeros, &resolved,
              &row) != ESP_OK)
    return -1;
  return has_workspace(resolved) ? weight_gradient_cpu_workspace_bytes(nonzeros) : 0;
}
