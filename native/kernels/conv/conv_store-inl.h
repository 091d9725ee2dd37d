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
  alignas(64) int32_t index[lanes / 2][lanes];  // for look_up, in the first row of lanes
  alignas(64) float chosen[lanes / 2][lanes];   // 1 where a pixel comes from this pair
};

row_maker make_row_maker(const conv_plan& plan, const tile_place& place) {
  row_maker r;
  r.pairs = (place.patch_cols + 1) / 2;
  for (int64_t x = 0; x < lanes; ++x) {
    const int64_t lane = x / place.patch_cols, j = x % place.patch_cols;
    for (int64_t pair = 0; pair < r.pairs; ++pair) {
      r.index[pair][x] = static_cast<int32_t>(lane < plan.cols.lanes ? j % 2 * lanes + lane : 0);
      r.chosen[pair][x] = j / 2 == pair ? 1.0f : 0.0f;
    }
  }
  return r;
}

// rows[row of lanes][patch row][pixel] from sums[patch row][patch column][lane].
template <int kPairs>
void make_rows(const row_maker& r, const conv_plan& plan, const tile_place& place,
               const float* HWY_RESTRICT sums, float* HWY_RESTRICT rows) {
  const int64_t patch_rows = place.patch_rows, patch_cols = place.patch_cols;
  const int64_t last = patch_cols % 2 != 0 ? 2 * kPairs - 2 : 2 * kPairs - 1;
  mask chosen[kPairs];
  int_vec index[kPairs];
#pragma GCC unroll 8
  for (int i = 0; i < kPairs; ++i) {
    chosen[i] = hn::Ne(hn::Load(floats, r.chosen[i]), hn::Zero(floats));
    index[i] = hn::Load(ints, r.index[i]);
  }
  const int_vec step = hn::Set(ints, plan.cols.lanes);
  for (int64_t lane_row = 0; lane_row < place.lane_rows; ++lane_row) {
    const float* from = sums;
    for (int64_t y = 0; y < patch_rows; ++y, from += patch_cols * lanes, rows += lanes) {
      vec row = hn::Zero(floats);
#pragma GCC unroll 8
      for (int i = 0; i < kPairs; ++i) {
        const vec even = hn::Load(floats, from + 2 * i * lanes);
        const vec odd = hn::Load(floats, from + (i + 1 < kPairs ? 2 * i + 1 : last) * lanes);
        const vec both = look_up(even, index[i], odd);
        row = i == 0 ? both : hn::IfThenElse(chosen[i], both, row);
      }
      hn::Store(row, floats, rows);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kPairs; ++i) index[i] = hn::Add(index[i], step);
  }
}

void make_any_rows(const row_maker& r, const conv_plan& plan, const tile_place& place,
                   const float* sums, float* rows) {
  switch (r.pairs) {
    case 1: return make_rows<1>(r, plan, place, sums, rows);
    case 2: return make_rows<2>(r, plan, place, sums, rows);
    case 3: return make_rows<3>(r, plan, place, sums, rows);
    case 4: return make_rows<4>(r, plan, place, sums, rows);
#if HWY_TARGET <= HWY_AVX3
    case 5: return make_rows<5>(r, plan, place, sums, rows);
    case 6: return make_rows<6>(r, plan, place, sums, rows);
    case 7: return make_rows<7>(r, plan, place, sums, rows);
    default: return make_rows<8>(r, plan, place, sums, rows);
#else
    default: return make_rows<4>(r, plan, place, sums, rows);
#endif
  }
}

// Writes one output of a tile from rows of pixels, `lanes` floats apart.
template <int kActivation>
void store_rows(const conv_problem& p, const tile_place& place, int64_t output,
                const float* HWY_RESTRICT rows) {
  const conv_plan& plan = *p.plan;
  const int64_t columns = HWY_MIN(plan.cols.lanes * place.patch_cols, plan.out_w - place.column);
  const auto* const bias = static_cast<const float*>(p.epilogue.bias);
  const auto* const residual = static_cast<const float*>(p.epilogue.residual);
  const vec offset = hn::Set(floats, bias != nullptr ? bias[output] : 0.0f);
  const int64_t width = plan.out_w, area = plan.out_h * width;
  const int64_t tile_rows = HWY_MIN(plan.rows.lanes * place.patch_rows, plan.out_h - place.row);
  const int64_t ahead = conv_planes_ahead * area * 4;
  for (int64_t i = 0; i < place.images; ++i) {
    const float* from = rows + i * plan.rows.lanes * place.patch_rows * lanes;
    int64_t at =
        ((place.image + i) * p.shape->k + output) * area + place.row * width + place.column;
    for (int64_t y = 0; y < tile_rows; ++y, from += lanes, at += width) {
      float* const to = p.output + at;
      prefetch(reinterpret_cast<uintptr_t>(to) + static_cast<uintptr_t>(ahead), columns * 4);
      store_run<kActivation>(floats, from, offset, residual != nullptr ? residual + at : nullptr,
                             columns, to);
    }
  }
}

// Writes one output of a tile; `rows` is room for its pixels.
void store_tile(const conv_problem& p, const tile_place& place, const row_maker& maker,
                int64_t output, const float* HWY_RESTRICT sums, float* HWY_RESTRICT room) {
  const bool flat = p.plan->flat != 0;
  if (!flat) make_any_rows(maker, *p.plan, place, sums, room);
  const float* const rows = flat ? sums : room;
  switch (p.epilogue.activation) {
    case ESP_ACTIVATION_RELU: return store_rows<ESP_ACTIVATION_RELU>(p, place, output, rows);
    case ESP_ACTIVATION_RELU6: return store_rows<ESP_ACTIVATION_RELU6>(p, place, output, rows);
    case ESP_ACTIVATION_SILU: return store_rows<ESP_ACTIVATION_SILU>(p, place, output, rows);
    case ESP_ACTIVATION_HARD_SWISH:
      return store_rows<ESP_ACTIVATION_HARD_SWISH>(p, place, output, rows);
    default: return store_rows<ESP_ACTIVATION_NONE>(p, place, output, rows);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
