// The definition of the sparse convolution of 16-bit tensors: one output at a time, summed in
// double precision.
#include "base/backend.h"
#include "base/epilogue.h"
#include "base/half.h"
#include "kernels/conv_half/conv_half.h"

namespace espalier {
namespace {

float widen(int32_t dtype, uint16_t value) {
  return dtype == ESP_DTYPE_BF16 ? float_of_bf16(value) : float_of_f16(value);
}

uint16_t narrow(int32_t dtype, float value) {
  return dtype == ESP_DTYPE_BF16 ? bf16_of_float(value) : f16_of_float(value);
}

// ---- packing ------------------------------------------------------------------------------------

int32_t pack_vectors(const conv2d_half_pack_call& call) {
  const esp_conv2d_half_layout& l = *call.layout;
  const esp_conv2d_shape& s = l.shape;
  const int64_t positions = half_positions(s), per_group = half_group_blocks(s, l.vector);
  const int64_t blocks = s.groups * per_group;
  int64_t kept = 0;
  for (int64_t i = 0; i < blocks * positions; ++i) kept += conv_keeps(call.bits, i) ? 1 : 0;
  ESP_REQUIRE(kept == call.vectors,
              "esp_conv2d_half_pack: vectors: expected the number of ones in bits, %lld, got %lld",
              static_cast<long long>(kept), static_cast<long long>(call.vectors));
  auto* starts = static_cast<int64_t*>(call.packed);
  auto* entry = reinterpret_cast<half_reference_vector*>(starts + blocks + 1);
  kept = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t in_group = b % per_group * l.vector;
    const int64_t first = b / per_group * (s.k / s.groups) + in_group;
    starts[b] = kept;
    for (int64_t p = 0; p < positions; ++p) {
      if (!conv_keeps(call.bits, b * positions + p)) continue;
      entry[kept].position = static_cast<int32_t>(p);
      for (int64_t k = 0; k < half_most_vector; ++k) {
        const bool live = k < l.vector && in_group + k < s.k / s.groups;
        const float weight = live ? call.weight[(first + k) * positions + p] : 0.0f;
        entry[kept].weights[k] = widen(l.dtype, narrow(l.dtype, weight));
      }
      ++kept;
    }
  }
  starts[blocks] = kept;
  return ESP_OK;
}

int32_t pack_pairs(const conv2d_half_pack_call& call) {
  const esp_conv2d_half_layout& l = *call.layout;
  const esp_conv2d_shape& s = l.shape;
  const int64_t taps = s.r * s.s, fours = s.k * (s.c / s.groups / 4);
  auto* entry = static_cast<half_reference_pair*>(call.packed);
  for (int64_t four = 0; four < fours; ++four)
    for (int64_t tap = 0; tap < taps; ++tap, ++entry) {
      const int64_t first = four * 4 * taps + tap;
      int32_t kept = 0;
      for (int64_t i = 0; i < 4 && call.bits != nullptr; ++i)
        kept += conv_keeps(call.bits, first + i * taps) ? 1 : 0;
      ESP_REQUIRE(kept <= 2,
                  "esp_conv2d_half_pack: bits: expected at most 2 kept of 4 channels, got %d from "
                  "weight %lld on",
                  kept, static_cast<long long>(first));
      const half_pair pair = half_choose_pair(call.weight, call.bits, first, taps);
      for (int i = 0; i < 2; ++i) {
        entry->place[i] = pair.kept[i] ? pair.place[i] : 4;
        entry->weight[i] =
            pair.kept[i]
                ? widen(l.dtype, narrow(l.dtype, call.weight[first + pair.place[i] * taps]))
                : 0.0f;
      }
    }
  return ESP_OK;
}

// ---- convolution --------------------------------------------------------------------------------

// One output pixel.
struct pixel {
  const conv2d_half_call* call;
  int64_t image, y, x;

  // Value of the input channel that tap (r, s) reads; 0 in the padding, where `inside` is false.
  double input(int64_t channel, int64_t r, int64_t s, bool* inside) const {
    const esp_conv2d_shape& shape = call->layout->shape;
    const int64_t row = y * shape.stride_h + r * shape.dilation_h - shape.pad_top;
    const int64_t column = x * shape.stride_w + s * shape.dilation_w - shape.pad_left;
    *inside = row >= 0 && row < shape.h && column >= 0 && column < shape.w;
    if (!*inside) return 0.0;
    const int64_t at = ((image * shape.h + row) * shape.w + column) * shape.c + channel;
    return static_cast<double>(widen(call->layout->dtype, call->input[at]));
  }
};

double sum_vectors(const pixel& at, int64_t k) {
  const esp_conv2d_half_layout& l = *at.call->layout;
  const esp_conv2d_shape& s = l.shape;
  const int64_t group = k / (s.k / s.groups), in_group = k % (s.k / s.groups);
  const int64_t per_group = half_group_blocks(s, l.vector);
  const int64_t block = group * per_group + in_group / l.vector;
  const auto* starts = static_cast<const int64_t*>(at.call->packed);
  const auto* entries =
      reinterpret_cast<const half_reference_vector*>(starts + s.groups * per_group + 1);
  double sum = 0.0;
  for (int64_t e = starts[block]; e < starts[block + 1]; ++e) {
    const int64_t position = entries[e].position;
    bool inside;
    const double input = at.input(group * (s.c / s.groups) + position / (s.r * s.s),
                                  position / s.s % s.r, position % s.s, &inside);
    if (inside) sum += static_cast<double>(entries[e].weights[in_group % l.vector]) * input;
  }
  return sum;
}

double sum_pairs(const pixel& at, int64_t k) {
  const esp_conv2d_shape& s = at.call->layout->shape;
  const int64_t channels = s.c / s.groups, first = k / (s.k / s.groups) * channels;
  const auto* entry =
      static_cast<const half_reference_pair*>(at.call->packed) + k * (channels / 4) * s.r * s.s;
  double sum = 0.0;
  for (int64_t c = 0; c < channels; c += 4)
    for (int64_t tap = 0; tap < s.r * s.s; ++tap, ++entry)
      for (int i = 0; i < 2; ++i) {
        if (entry->place[i] == 4) continue;
        bool inside;
        const double input = at.input(first + c + entry->place[i], tap / s.s, tap % s.s, &inside);
        if (inside) sum += static_cast<double>(entry->weight[i]) * input;
      }
  return sum;
}

}  // namespace

int32_t conv2d_pack_sparse_half_reference(const conv2d_half_pack_call& call) {
  return call.layout->pattern == ESP_PATTERN_VECTOR ? pack_vectors(call) : pack_pairs(call);
}

int32_t conv2d_sparse_half_reference(const conv2d_half_call& call) {
  const esp_conv2d_half_layout& l = *call.layout;
  const esp_conv2d_shape& s = l.shape;
  const auto* bias = static_cast<const float*>(call.epilogue.bias);
  const auto* residual = static_cast<const uint16_t*>(call.epilogue.residual);
  int64_t i = 0;
  for (int64_t image = 0; image < s.n; ++image)
    for (int64_t y = 0; y < conv_out_height(s); ++y)
      for (int64_t x = 0; x < conv_out_width(s); ++x)
        for (int64_t k = 0; k < s.k; ++k, ++i) {
          const pixel at = {&call, image, y, x};
          double sum = l.pattern == ESP_PATTERN_VECTOR ? sum_vectors(at, k) : sum_pairs(at, k);
          if (bias != nullptr) sum += static_cast<double>(bias[k]);
          if (residual != nullptr) sum += static_cast<double>(widen(l.dtype, residual[i]));
          const double value = activate(sum, call.epilogue.activation);
          call.output[i] = narrow(l.dtype, static_cast<float>(value));
        }
  return ESP_OK;
}

}  // namespace espalier
