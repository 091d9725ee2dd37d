// Slabs of the masked convolution, compiled once per instruction set: what a tile needs of a block
// of input channels, packed as conv_plan.h describes or read in place. Included by
// conv_store-inl.h only.
#pragma once

#include <hwy/highway.h>

#include "kernels/conv/conv_cpu.h"
#include "kernels/conv/tuning.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<float> floats;
constexpr hn::ScalableTag<int32_t> ints;
constexpr int64_t lanes = hn::MaxLanes(floats);

using vec = hn::Vec<decltype(floats)>;
using mask = hn::Mask<decltype(floats)>;
using int_vec = hn::Vec<decltype(ints)>;

// Lane l = a[index[l]], or b[index[l] - lanes] from index `lanes` on.
HWY_INLINE vec look_up(vec a, int_vec index, vec b) {
#if HWY_TARGET <= HWY_AVX3
  return vec{_mm512_permutex2var_ps(a.raw, index.raw, b.raw)};
#else
  const __m256 low = _mm256_permutevar8x32_ps(a.raw, index.raw);
  const __m256 high = _mm256_permutevar8x32_ps(b.raw, index.raw);
  const __m256 second = _mm256_castsi256_ps(_mm256_slli_epi32(index.raw, 28));
  return vec{_mm256_blendv_ps(low, high, second)};
#endif
}

// A tile: its first image and output pixel, its valid images, and the size of its patches.
struct tile_place {
  int64_t image, images, row, column;
  int64_t patch_rows, patch_cols;
  int64_t lane_rows;  // rows of lanes, of all images
};

// How to fill a tile's slab: the same for every channel.
struct slab_filler {
  const conv_problem* problem;
  tile_place place;
  int64_t rows;    // slots that the tile needs
  int64_t column;  // input column of slot 0, lane 0; can be negative
  int64_t* at;  // [row slot][row of lanes]: first float of an input row, from the channel's plane
  float* live;  // [row slot][lane]: all bits set where the row is not padding
  int64_t* source;  // [column slot]: distance from slot 0
  int64_t slots, col_lanes, width;
  int64_t spare;                     // columns that a vector holds beyond a row of lanes
  alignas(64) int32_t index[lanes];  // for look_up, of a pair of rows of lanes
};

int64_t source_of(const conv_axis& axis, int64_t slot, int64_t stride) {
  return slot % axis.period * stride + slot / axis.period * axis.phase_step;
}

// Asks for `bytes` bytes at an address that need not be inside a tensor.
void prefetch(uintptr_t at, int64_t bytes) {
  for (int64_t b = 0; b < bytes; b += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(at + static_cast<uintptr_t>(b)), 1);
}

// Fills in the tables; `place` and `problem` are set.
void prepare_filler(slab_filler* f) {
  const esp_conv2d_shape& s = *f->problem->shape;
  const conv_plan& plan = *f->problem->plan;
  const tile_place& place = f->place;
  f->column = place.column * s.stride_w - s.pad_left;
  f->rows = plan.rows.slots;
  f->slots = plan.cols.slots;
  f->col_lanes = plan.cols.lanes;
  f->width = s.w;
  if (plan.flat != 0) return;
  if (plan.rows.slots == plan.rows.period) f->rows -= plan.rows.patch - place.patch_rows;
  for (int64_t m = 0; m < f->rows; ++m)
    for (int64_t r = 0; r < place.lane_rows; ++r) {
      const int64_t image = r / plan.rows.lanes;
      const int64_t row = (place.row + r % plan.rows.lanes * place.patch_rows) * s.stride_h -
                          s.pad_top + source_of(plan.rows, m, s.stride_h);
      const bool live = image < place.images && row >= 0 && row < s.h;
      f->at[m * place.lane_rows + r] = live ? image * s.c * s.h * s.w + row * s.w : 0;
      for (int64_t x = 0; x < plan.cols.lanes; ++x) {
        const uint32_t bits = live ? ~0u : 0u;
        __builtin_memcpy(f->live + m * lanes + r * plan.cols.lanes + x, &bits, sizeof(bits));
      }
    }
  for (int64_t l = 0; l < lanes; ++l) {
    const int64_t r = l / plan.cols.lanes;
    const int64_t from = l % plan.cols.lanes * place.patch_cols * s.stride_w;
    f->index[l] = static_cast<int32_t>(from + r % 2 * lanes);
    f->spare = lanes - 1 - from;
  }
  for (int64_t q = 0; q < f->slots; ++q) f->source[q] = source_of(plan.cols, q, s.stride_w);
}

// Lanes of `lanes` columns from `column` on that lie inside the input.
mask inside_input(int64_t column, int64_t width) {
  const auto below = [](int64_t x) {
    return hn::FirstN(floats, static_cast<size_t>(x < 0 ? 0 : x));
  };
  return hn::AndNot(below(-column), below(width - column));
}

// One channel, whose plane of the tile's first image is `plane`. A pair of rows of lanes is loaded
// once for as many slots as the loaded vectors serve.
template <int kPairs>
void fill_channel(const slab_filler& f, const float* plane, float* HWY_RESTRICT slab) {
  const int64_t lane_rows = f.place.lane_rows, slots = f.slots, rows = f.rows;
  const int64_t odd = lane_rows == 1 ? 0 : 1;
  mask in_pair[kPairs];
#pragma GCC unroll 8
  for (int i = 0; i < kPairs; ++i)
    in_pair[i] = hn::FirstN(floats, static_cast<size_t>((2 * i + 2) * f.col_lanes));
  for (int64_t begin = 0, end = 0; begin < slots; begin = end) {
    const int64_t first = f.source[begin], column = f.column + first;
    while (end < slots && f.source[end] >= first && f.source[end] <= first + f.spare) ++end;
    const mask inside = inside_input(column, f.width);
    const int64_t* at = f.at;
    for (int64_t m = 0; m < rows; ++m, at += lane_rows) {
      const vec live = hn::LoadU(floats, f.live + m * lanes);
      vec even[kPairs], uneven[kPairs];
#pragma GCC unroll 8
      for (int i = 0; i < kPairs; ++i) {
        even[i] = hn::MaskedLoad(inside, floats, plane + column + at[2 * i]);
        uneven[i] = hn::MaskedLoad(inside, floats, plane + column + at[2 * i + odd]);
      }
      float* to = slab + (m * slots + begin) * lanes;
      for (int64_t q = begin; q < end; ++q, to += lanes) {
        const int_vec index = hn::Add(hn::Load(ints, f.index),
                                      hn::Set(ints, static_cast<int32_t>(f.source[q] - first)));
        vec line = look_up(even[kPairs - 1], index, uneven[kPairs - 1]);
#pragma GCC unroll 8
        for (int i = kPairs - 2; i >= 0; --i)
          line = hn::IfThenElse(in_pair[i], look_up(even[i], index, uneven[i]), line);
        hn::Store(hn::And(line, live), floats, to);
      }
    }
  }
}

void fill_flat_channel(const slab_filler& f, const float* plane, float* HWY_RESTRICT slab) {
  const int64_t width = f.problem->shape->w;
  for (int64_t q = 0; q < f.place.patch_cols; ++q) {
    const int64_t column = f.column + q * lanes;
    hn::Store(hn::MaskedLoad(inside_input(column, width), floats, plane + column), floats,
              slab + q * lanes);
  }
}

using fill_function = void (*)(const slab_filler&, const float*, float*);

fill_function fill_for(const conv_plan& plan, const tile_place& place) {
  if (plan.flat != 0) return fill_flat_channel;
  switch (place.lane_rows) {
    case 1:
    case 2: return fill_channel<1>;
    case 4: return fill_channel<2>;
#if HWY_TARGET <= HWY_AVX3
    case 16: return fill_channel<8>;
#endif
    default: return fill_channel<4>;
  }
}

struct slab_view {
  uintptr_t address;
  int64_t scale;  // bytes per unit of conv_entry::offset
};

// The slab of `count` channels from `channel` on: the input itself where that serves, else packed.
slab_view view_slab(const slab_filler& f, int64_t channel, int64_t count, float* slab) {
  const conv_problem& p = *f.problem;
  const esp_conv2d_shape& s = *p.shape;
  const tile_place& place = f.place;
  const int64_t area = s.h * s.w, first = place.image * s.c + channel;
  const float* plane = p.input + first * area;
  if (p.in_place) {
    const int64_t bytes = place.patch_cols * lanes * 4;
    const int64_t read_end = (first + count - 1) * area + place.column + place.patch_cols * lanes;
    if (read_end <= s.n * s.c * area) {
      const auto at = reinterpret_cast<uintptr_t>(plane + place.column);
      for (int64_t c = 0; c < count; ++c)
        prefetch(at + static_cast<uintptr_t>(c * area * 4), bytes);
      return {at, area * 4};
    }
  }
  // Hardware prefetchers stop at page boundaries, which planes often are.
  const int64_t top = HWY_MAX(place.row * s.stride_h - s.pad_top, int64_t{0});
  const int64_t tile_rows = p.plan->rows.lanes * place.patch_rows * s.stride_h;
  const int64_t ahead = conv_planes_ahead * area + top * s.w + (s.h == 1 ? place.column : 0);
  const int64_t ahead_bytes =
      4 * (s.h == 1 ? p.plan->cols.lanes * place.patch_cols : HWY_MIN(tile_rows, s.h - top) * s.w);
  const fill_function fill = fill_for(*p.plan, place);
  for (int64_t c = 0; c < count; ++c, plane += area) {
    for (int64_t i = 0; i < place.images; ++i)
      prefetch(
          reinterpret_cast<uintptr_t>(plane) + static_cast<uintptr_t>(4 * (i * s.c * area + ahead)),
          ahead_bytes);
    fill(f, plane, slab + c * p.plan->channel_floats);
  }
  const int64_t scale = p.plan->flat != 0 ? p.plan->channel_floats * 4 : lanes * 4;
  return {reinterpret_cast<uintptr_t>(slab), scale};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
