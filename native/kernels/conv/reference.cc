// The definition of the masked convolution: one output at a time, summed in double precision.
#include "base/backend.h"
#include "base/epilogue.h"
#include "kernels/conv/conv.h"

namespace espalier {
namespace {

double convolve(const conv2d_call& call, int64_t image, int64_t k, int64_t y, int64_t x) {
  const esp_conv2d_shape& s = *call.shape;
  const int64_t* starts = static_cast<const int64_t*>(call.packed);
  const auto* entries = reinterpret_cast<const conv_reference_entry*>(starts + s.k + 1);
  const int64_t first_channel = image * s.c + k / (s.k / s.groups) * (s.c / s.groups);
  double sum = 0.0;
  for (int64_t e = starts[k]; e < starts[k + 1]; ++e) {
    const int64_t index = entries[e].index, c = index / (s.r * s.s);
    const int64_t row = y * s.stride_h + index / s.s % s.r * s.dilation_h - s.pad_top;
    const int64_t column = x * s.stride_w + index % s.s * s.dilation_w - s.pad_left;
    if (row < 0 || row >= s.h || column < 0 || column >= s.w) continue;
    const float input = call.input[((first_channel + c) * s.h + row) * s.w + column];
    sum += static_cast<double>(entries[e].value) * static_cast<double>(input);
  }
  return sum;
}

}  // namespace

int32_t conv2d_pack_element_f32_reference(const conv2d_pack_call& call) {
  const esp_conv2d_shape& s = *call.shape;
  const int64_t per_output = conv_weight_count(s) / s.k;
  int64_t* starts = static_cast<int64_t*>(call.packed);
  auto* entries = reinterpret_cast<conv_reference_entry*>(starts + s.k + 1);
  int64_t kept = 0;
  for (int64_t i = 0; i < conv_weight_count(s); ++i) kept += conv_keeps(call.bits, i) ? 1 : 0;
  ESP_REQUIRE(kept == call.nonzeros,
              "esp_conv2d_pack: nonzeros: expected the number of ones in bits, %lld, got %lld",
              static_cast<long long>(kept), static_cast<long long>(call.nonzeros));
  kept = 0;
  for (int64_t k = 0; k < s.k; ++k) {
    starts[k] = kept;
    for (int64_t i = 0; i < per_output; ++i)
      if (conv_keeps(call.bits, k * per_output + i))
        entries[kept++] = {static_cast<int32_t>(i), call.weight[k * per_output + i]};
  }
  starts[s.k] = kept;
  return ESP_OK;
}

int32_t conv2d_element_f32_reference(const conv2d_call& call) {
  const esp_conv2d_shape& s = *call.shape;
  const auto* bias = static_cast<const float*>(call.epilogue.bias);
  const auto* residual = static_cast<const float*>(call.epilogue.residual);
  int64_t i = 0;
  for (int64_t image = 0; image < s.n; ++image)
    for (int64_t k = 0; k < s.k; ++k)
      for (int64_t y = 0; y < conv_out_height(s); ++y)
        for (int64_t x = 0; x < conv_out_width(s); ++x, ++i) {
          double sum = convolve(call, image, k, y, x);
          if (bias != nullptr) sum += static_cast<double>(bias[k]);
          if (residual != nullptr) sum += static_cast<double>(residual[i]);
          call.output[i] = static_cast<float>(activate(sum, call.epilogue.activation));
        }
  return ESP_OK;
}

}  // namespace espalier
