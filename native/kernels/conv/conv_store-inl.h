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

// How the patches of a tile become rows of pixels: the same for every output.
struct row_maker {
  int64_t pairs;                                // of patch columns
  int64_t columns;                              // of a row, inside the output
  alignas(64) int32_t index[lanes / 2][lanes];  // for look_up, in the first row of lanes
  alignas(64) float chosen[lanes / 2][lanes];   // 1 where a pixel comes from this pair
};

row_maker make_row_maker(const conv_plan& plan, const tile_place& place) {
  row_maker r;
  r.pairs = (place.patch_cols + 1) / 2;
  r.columns = HWY_MIN(plan.cols.lanes * place.patch_cols, plan.out_w - place.column);
  if (plan.flat != 0) return r;
  for (int64_t x = 0; x < lanes; ++x) {
    const int64_t lane = x / place.patch_cols, j = x % place.patch_cols;
    for (int64_t pair = 0; pair < r.pairs; ++pair) {
      r.index[pair][x] =
          static_cast<int32_t>(lane < plan.cols.lanes ? lane : 0) + (j % 2 != 0 ? of_second : 0);
      r.chosen[pair][x] = j / 2 == pair ? 1.0f : 0.0f;
    }
  }
  return r;
}

// Asks for `count` floats of a later output; `at` is where they are in this one.
void prefetch_write(const conv_problem& p, int64_t at, int64_t count) {
  const int64_t later = at + conv_planes_ahead * p.plan->out_h * p.plan->out_w;
  prefetch(reinterpret_cast<uintptr_t>(p.output) + static_cast<uintptr_t>(4 * later), 4 * count);
}

// Writes one output of a flat tile: its sums are neighbours.
template <int kActivation>
void store_flat(const conv_problem& p, const tile_place& place, const row_maker&, int64_t output,
                const float* HWY_RESTRICT sums) {
  const conv_plan& plan = *p.plan;
  const auto* const bias = static_cast<const float*>(p.epilogue.bias);
  const auto* const residual = static_cast<const float*>(p.epilogue.residual);
  const int64_t columns = HWY_MIN(place.patch_cols * lanes, plan.out_w - place.column);
  const int64_t at = (place.image * p.shape->k + output) * plan.out_w + place.column;
  if (p.far_output) prefetch_write(p, at, columns);
  store_run<kActivation>(floats, sums, hn::Set(floats, bias != nullptr ? bias[output] : 0.0f),
                         residual != nullptr ? residual + at : nullptr, columns, p.output + at);
}

// Writes one output of a tile from sums[patch row][patch column][lane].
template <int kActivation, int kPairs>
void store_patches(const conv_problem& p, const tile_place& place, const row_maker& r,
                   int64_t output, const float* HWY_RESTRICT sums) {
  const conv_plan& plan = *p.plan;
  const int64_t patch_rows = place.patch_rows, step = place.patch_cols * lanes;
  const int64_t last = place.patch_cols % 2 != 0 ? 2 * kPairs - 2 : 2 * kPairs - 1;
  const auto* const bias = static_cast<const float*>(p.epilogue.bias);
  const auto* const residual = static_cast<const float*>(p.epilogue.residual);
  const vec offset = hn::Set(floats, bias != nullptr ? bias[output] : 0.0f);
  mask chosen[kPairs];
  int_vec index[kPairs];
#pragma GCC unroll 8
  for (int i = 0; i < kPairs; ++i) {
    chosen[i] = hn::Ne(hn::Load(floats, r.chosen[i]), hn::Zero(floats));
    index[i] = hn::Load(ints, r.index[i]);
  }
  const mask live = hn::FirstN(floats, static_cast<size_t>(r.columns));
  const int_vec lane_row = hn::Set(ints, plan.cols.lanes);
  const int64_t width = plan.out_w, area = plan.out_h * width;
  const int64_t tile_rows = HWY_MIN(plan.rows.lanes * patch_rows, plan.out_h - place.row);
  for (int64_t image = 0; image < place.images; ++image) {
    int64_t at =
        ((place.image + image) * p.shape->k + output) * area + place.row * width + place.column;
    for (int64_t first = 0; first < plan.rows.lanes * patch_rows; first += patch_rows) {
      const int64_t rows = HWY_MIN(patch_rows, tile_rows - first);
      const float* from = sums;
      for (int64_t y = 0; y < rows; ++y, from += step, at += width) {
        vec row = hn::Zero(floats);
#pragma GCC unroll 8
        for (int i = 0; i < kPairs; ++i) {
          const vec even = hn::Load(floats, from + 2 * i * lanes);
          const vec odd = hn::Load(floats, from + (i + 1 < kPairs ? 2 * i + 1 : last) * lanes);
          const vec both = look_up(even, index[i], odd);
          row = i == 0 ? both : hn::IfThenElse(chosen[i], both, row);
        }
        row = hn::Add(row, offset);
        if (residual != nullptr) row = hn::Add(row, hn::MaskedLoad(live, floats, residual + at));
        if (p.far_output) prefetch_write(p, at, r.columns);
        hn::BlendedStore(activate<kActivation>(floats, row), live, floats, p.output + at);
      }
#pragma GCC unroll 8
      for (int i = 0; i < kPairs; ++i) index[i] = hn::Add(index[i], lane_row);
    }
  }
}

using store_function = void (*)(const conv_problem&, const tile_place&, const row_maker&,
                                int64_t output, const float* sums);

template <int kActivation>
store_function store_of(const conv_plan& plan, const row_maker& r) {
  if (plan.flat != 0) return store_flat<kActivation>;
  switch (r.pairs) {
    case 1: return store_patches<kActivation, 1>;
    case 2: return store_patches<kActivation, 2>;
    case 3: return store_patches<kActivation, 3>;
#if HWY_TARGET <= HWY_AVX3
    case 5: return store_patches<kActivation, 5>;
    case 6: return store_patches<kActivation, 6>;
    case 7: return store_patches<kActivation, 7>;
    case 8: return store_patches<kActivation, 8>;
#endif
    default: return store_patches<kActivation, 4>;
  }
}

store_function store_for(const conv_problem& p, const row_maker& r) {
  switch (p.epilogue.activation) {
    case ESP_ACTIVATION_RELU: return store_of<ESP_ACTIVATION_RELU>(*p.plan, r);
    case ESP_ACTIVATION_RELU6: return store_of<ESP_ACTIVATION_RELU6>(*p.plan, r);
    case ESP_ACTIVATION_SILU: return store_of<ESP_ACTIVATION_SILU>(*p.plan, r);
    case ESP_ACTIVATION_HARD_SWISH: return store_of<ESP_ACTIVATION_HARD_SWISH>(*p.plan, r);
    default: return store_of<ESP_ACTIVATION_NONE>(*p.plan, r);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
