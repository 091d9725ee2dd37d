// From the accumulators of a tile to NCHW, compiled once per instruction set. Included by
// conv_tile-inl.h only.
#pragma once

#include <hwy/highway.h>

#include "base/epilogue-inl.h"
#include "kernels/conv/conv_slab-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

using vec = hn::Vec<decltype(floats)>;

template <int kActivation>
void store_rows(const conv_problem& p, const tile_place& place, int64_t output,
                const float* HWY_RESTRICT sums) {
  const conv_plan& plan = *p.plan;
  const conv_geometry& g = *p.geometry;
  const int64_t columns = HWY_MIN(int64_t{g.tile_cols}, plan.out_w - place.column);
  const auto* const bias = static_cast<const float*>(p.epilogue.bias);
  const auto* const residual = static_cast<const float*>(p.epilogue.residual);
  const vec offset = hn::Set(floats, bias != nullptr ? bias[output] : 0.0f);
  for (int64_t i = 0; i < place.images; ++i) {
    const int64_t plane = (place.image + i) * p.shape->k + output;
    const int64_t first = (plane * plan.out_h + place.row) * plan.out_w + place.column;
    const auto ahead = reinterpret_cast<uintptr_t>(p.output + first) +
                       static_cast<uintptr_t>(conv_planes_ahead * plan.out_h * plan.out_w * 4);
    for (int64_t y = 0; y < place.rows; ++y)
      prefetch(ahead + static_cast<uintptr_t>(y * plan.out_w * 4), columns * 4);
    for (int64_t y = 0; y < place.rows; ++y) {
      const int64_t at = first + y * plan.out_w;
      store_run<kActivation>(floats, sums + i * g.image_pitch + y * g.pitch, offset,
                             residual != nullptr ? residual + at : nullptr, columns, p.output + at);
    }
  }
}

// Writes one output channel of a tile.
void store_tile(const conv_problem& p, const tile_place& place, int64_t output,
                const float* HWY_RESTRICT sums) {
  switch (p.epilogue.activation) {
    case ESP_ACTIVATION_RELU: return store_rows<ESP_ACTIVATION_RELU>(p, place, output, sums);
    case ESP_ACTIVATION_RELU6: return store_rows<ESP_ACTIVATION_RELU6>(p, place, output, sums);
    case ESP_ACTIVATION_SILU: return store_rows<ESP_ACTIVATION_SILU>(p, place, output, sums);
    case ESP_ACTIVATION_HARD_SWISH:
      return store_rows<ESP_ACTIVATION_HARD_SWISH>(p, place, output, sums);
    default: return store_rows<ESP_ACTIVATION_NONE>(p, place, output, sums);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
