// The definition of the convolution with live channels: one output at a time, summed in double
// precision.
#include "base/backend.h"
#include "base/epilogue.h"
#include "kernels/conv_channels/conv_channels.h"

namespace espalier {
namespace {

// Refuses what is no list of channels: ascending, distinct, in range.
int32_t check_list(const char* name, const int32_t* list, int64_t channels) {
  if (list == nullptr) return ESP_OK;
  ESP_REQUIRE(list[0] >= 0 && list[0] <= channels,
              "esp_conv2d_channels: %s: expected 0 to %lld channels, got %d", name,
              static_cast<long long>(channels), list[0]);
  for (int32_t i = 1; i <= list[0]; ++i)
    ESP_REQUIRE(list[i] < channels && list[i] > (i == 1 ? -1 : list[i - 1]),
                "esp_conv2d_channels: %s: expected ascending channels below %lld, got %d at %d",
                name, static_cast<long long>(channels), list[i], i - 1);
  return ESP_OK;
}

bool is_live(const int32_t* list, int64_t channel) {
  if (list == nullptr) return true;
  for (int32_t i = 1; i <= list[0]; ++i)
    if (list[i] == channel) return true;
  return false;
}

double convolve(const conv2d_channels_call& call, int64_t image, int64_t k, int64_t y, int64_t x) {
  const esp_conv2d_shape& s = *call.shape;
  const int64_t channels = s.c / s.groups, first = k / (s.k / s.groups) * channels;
  double sum = 0.0;
  for (int64_t c = 0; c < channels; ++c) {
    if (!is_live(call.live_inputs, first + c)) continue;
    const float* const weight = call.weight + (k * channels + c) * s.r * s.s;
    for (int64_t tap = 0; tap < s.r * s.s; ++tap) {
      const int64_t row = y * s.stride_h + tap / s.s * s.dilation_h - s.pad_top;
      const int64_t column = x * s.stride_w + tap % s.s * s.dilation_w - s.pad_left;
      if (row < 0 || row >= s.h || column < 0 || column >= s.w) continue;
      const float input = call.input[((image * s.c + first + c) * s.h + row) * s.w + column];
      sum += static_cast<double>(weight[tap]) * static_cast<double>(input);
    }
  }
  return sum;
}

}  // namespace

int32_t channel_list_i32_reference(const channel_list_call& call) {
  int32_t live = 0;
  for (int64_t c = 0; c < call.channels; ++c)
    if (conv_keeps(call.bits, c)) call.list[++live] = static_cast<int32_t>(c);
  call.list[0] = live;
  return ESP_OK;
}

int32_t conv2d_channels_f32_reference(const conv2d_channels_call& call) {
  const esp_conv2d_shape& s = *call.shape;
  ESP_TRY(check_list("live_inputs", call.live_inputs, s.c));
  ESP_TRY(check_list("live_outputs", call.live_outputs, s.k));
  const auto* bias = static_cast<const float*>(call.epilogue.bias);
  const auto* residual = static_cast<const float*>(call.epilogue.residual);
  int64_t i = 0;
  for (int64_t image = 0; image < s.n; ++image)
    for (int64_t k = 0; k < s.k; ++k) {
      const bool live = is_live(call.live_outputs, k);
      for (int64_t y = 0; y < conv_out_height(s); ++y)
        for (int64_t x = 0; x < conv_out_width(s); ++x, ++i) {
          double sum = live ? convolve(call, image, k, y, x) : 0.0;
          if (bias != nullptr) sum += static_cast<double>(bias[k]);
          if (residual != nullptr) sum += static_cast<double>(residual[i]);
          call.output[i] = static_cast<float>(activate(sum, call.epilogue.activation));
        }
    }
  return ESP_OK;
}

}  // namespace espalier
