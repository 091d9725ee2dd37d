// The definition of the convolution with a vector mask: one output at a time, summed in double
// precision.
#include "base/backend.h"
#include "base/epilogue.h"
#include "kernels/conv_vector/conv_vector.h"

namespace espalier {
namespace {

const vector_reference_entry* entries_of(const esp_conv2d_shape& s, const void* packed) {
  const int64_t* starts = static_cast<const int64_t*>(packed);
  return reinterpret_cast<const vector_reference_entry*>(starts + vector_blocks(s) + 1);
}

double convolve(const conv2d_vector_call& call, int64_t image, int64_t k, int64_t y, int64_t x) {
  const esp_conv2d_shape& s = *call.shape;
  const int64_t group = k / (s.k / s.groups), in_group = k % (s.k / s.groups);
  const int64_t block = group * vector_group_blocks(s) + in_group / vector_outputs;
  const int64_t* starts = static_cast<const int64_t*>(call.packed);
  const vector_reference_entry* entries = entries_of(s, call.packed);
  const int64_t first_channel = image * s.c + group * (s.c / s.groups);
  double sum = 0.0;
  for (int64_t e = starts[block]; e < starts[block + 1]; ++e) {
    const int64_t position = entries[e].position, c = position / (s.r * s.s);
    const int64_t row = y * s.stride_h + position / s.s % s.r * s.dilation_h - s.pad_top;
    const int64_t column = x * s.stride_w + position % s.s * s.dilation_w - s.pad_left;
    if (row < 0 || row >= s.h || column < 0 || column >= s.w) continue;
    const float input = call.input[((first_channel + c) * s.h + row) * s.w + column];
    const float weight = entries[e].weights[in_group % vector_outputs];
    sum += static_cast<double>(weight) * static_cast<double>(input);
  }
  return sum;
}

}  // namespace

int32_t conv2d_vector16_pack_f32_reference(const conv2d_vector_pack_call& call) {
  const esp_conv2d_shape& s = *call.shape;
  const int64_t blocks = vector_blocks(s), positions = vector_positions(s);
  int64_t kept = 0;
  for (int64_t i = 0; i < blocks * positions; ++i) kept += conv_keeps(call.bits, i) ? 1 : 0;
  ESP_REQUIRE(
      kept == call.vectors,
      "esp_conv2d_vector_pack: vectors: expected the number of ones in bits, %lld, got %lld",
      static_cast<long long>(kept), static_cast<long long>(call.vectors));
  int64_t* starts = static_cast<int64_t*>(call.packed);
  auto* entry = const_cast<vector_reference_entry*>(entries_of(s, call.packed));
  kept = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    const float* const weight = call.weight + vector_first_output(s, b) * positions;
    starts[b] = kept;
    for (int64_t p = 0; p < positions; ++p) {
      if (!conv_keeps(call.bits, b * positions + p)) continue;
      entry[kept].position = static_cast<int32_t>(p);
      for (int64_t k = 0; k < vector_outputs; ++k)
        entry[kept].weights[k] = k < vector_live_outputs(s, b) ? weight[k * positions + p] : 0.0f;
      ++kept;
    }
  }
  starts[blocks] = kept;
  return ESP_OK;
}

int32_t conv2d_vector16_f32_reference(const conv2d_vector_call& call) {
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
