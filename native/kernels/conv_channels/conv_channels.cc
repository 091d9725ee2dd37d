// Checks arguments and calls the kernel of the target.
#include "kernels/conv_channels/conv_channels.h"

#include "base/backend.h"
#include "base/check.h"
#include "base/epilogue.h"
#include "base/halo_tile.h"

namespace espalier {
namespace {

using ll = long long;

int32_t prepare_list(const char* function, const esp_target* target, int64_t channels,
                     const kernel_row** row) {
  esp_target resolved;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_REQUIRE(channels >= 0 && channels < int64_t{1} << 31,
              "%s: channels: expected 0 to 2147483647, got %lld", function,
              static_cast<ll>(channels));
  return find_kernel(function, "channel_list", resolved, row);
}

int32_t prepare(const char* function, const esp_target* target, const esp_conv2d_shape* shape,
                const kernel_row** row) {
  esp_target resolved;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(check_conv_shape(function, shape));
  ESP_TRY(find_kernel(function, "conv2d_channels", resolved, row));
  halo_tile tile;
  if (resolved.backend != ESP_BACKEND_CUDA ||
      choose_halo_tile(*shape, channel_most_channels(*shape), &tile))
    return ESP_OK;
  return fail(
      ESP_UNSUPPORTED,
      "%s: shape: expected a kernel and dilation that fit a tile of backend CUDA, got %lld x "
      "%lld with dilation %lld x %lld",
      function, static_cast<ll>(shape->r), static_cast<ll>(shape->s),
      static_cast<ll>(shape->dilation_h), static_cast<ll>(shape->dilation_w));
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int32_t esp_channel_list(const esp_target* target, const void* bits, int64_t channels, void* list,
                         void*, void* stream) {
  const char* function = "esp_channel_list";
  const kernel_row* row;
  ESP_TRY(prepare_list(function, target, channels, &row));
  ESP_REQUIRE(bits != nullptr || channels == 0, "%s: bits: expected a mask, got NULL", function);
  ESP_REQUIRE(list != nullptr, "%s: list: expected a list, got NULL", function);
  ESP_TRY(check_aligned(function, "bits", bits, sizeof(uint32_t)));
  ESP_TRY(check_aligned(function, "list", list, sizeof(int32_t)));
  return run_kernel(*row, channel_list_call{static_cast<const uint32_t*>(bits), channels,
                                            static_cast<int32_t*>(list), stream});
}

int64_t esp_channel_list_workspace_bytes(const esp_target* target, int64_t channels) {
  const kernel_row* row;
  const int32_t status = prepare_list("esp_channel_list_workspace_bytes", target, channels, &row);
  return status == ESP_OK ? 0 : -1;
}

int32_t esp_conv2d_channels(const esp_target* target, const esp_conv2d_shape* shape,
                            const void* input, const void* weight, const void* live_inputs,
                            const void* live_outputs, const esp_epilogue* epilogue, void* output,
                            void*, void* stream) {
  const char* function = "esp_conv2d_channels";
  const kernel_row* row;
  conv2d_channels_call call{};
  ESP_TRY(prepare(function, target, shape, &row));
  ESP_TRY(check_epilogue(function, epilogue, &call.epilogue));
  if (shape->n == 0) return ESP_OK;
  ESP_REQUIRE(input != nullptr, "%s: input: expected a tensor, got NULL", function);
  ESP_REQUIRE(weight != nullptr, "%s: weight: expected a tensor, got NULL", function);
  ESP_REQUIRE(output != nullptr, "%s: output: expected a tensor, got NULL", function);
  ESP_TRY(check_aligned(function, "input", input, sizeof(float)));
  ESP_TRY(check_aligned(function, "weight", weight, sizeof(float)));
  ESP_TRY(check_aligned(function, "live_inputs", live_inputs, sizeof(int32_t)));
  ESP_TRY(check_aligned(function, "live_outputs", live_outputs, sizeof(int32_t)));
  ESP_TRY(check_aligned(function, "output", output, sizeof(float)));
  ESP_TRY(check_aligned(function, "epilogue.bias", call.epilogue.bias, sizeof(float)));
  ESP_TRY(check_aligned(function, "epilogue.residual", call.epilogue.residual, sizeof(float)));
  call.shape = shape;
  call.input = static_cast<const float*>(input);
  call.weight = static_cast<const float*>(weight);
  call.live_inputs = static_cast<const int32_t*>(live_inputs);
  call.live_outputs = static_cast<const int32_t*>(live_outputs);
  call.output = static_cast<float*>(output);
  call.stream = stream;
  return run_kernel(*row, call);
}

int64_t esp_conv2d_channels_workspace_bytes(const esp_target* target,
                                            const esp_conv2d_shape* shape) {
  const kernel_row* row;
  return prepare("esp_conv2d_channels_workspace_bytes", target, shape, &row) == ESP_OK ? 0 : -1;
}
