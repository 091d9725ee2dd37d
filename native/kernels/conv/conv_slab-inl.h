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

// Added to an index of look_up, takes the second vector: AVX-512 looks at the bit above the lane,
// AVX2 at the sign.
constexpr int32_t of_second = INT32_MIN + static_cast<int32_t>(lanes);

// Lane l = a[index[l]], or b[index[l] - of_second].
HWY_INLINE vec look_up(vec a, int_vec index, vec b) {
#if HWY_TARGET <= HWY_AVX3
  return vec{_mm512_permutex2var_ps(a.raw, index.raw, b.raw)};
#else
  const __m256 low = _mm256_permutevar8x32_ps(a.raw, index.raw);
  const __m256 high = _mm256_permutevar8x32_ps(b.raw, index.raw);
  return vec{_mm256_blendv_ps(low, high, _mm256_castsi256_ps(index.raw))};
#endif
}

// A tile: its first image and output pixel, its valid images, and the size of its patches.
struct tile_place {
  int64_t image, images, row, column;
  int64_t patch_rows, patch_cols;
  int64_t lane_rows;  // rows of lanes, of all images
};

// How to fill a tile's slab: the same for every channel. Tables lie in the scratch.
struct slab_filler {
  const conv_problem* problem;
  tile_place place;
  int64_t rows, slots;  // that the tile needs: row slots, column slots
  int64_t col_lanes, width;
  int64_t column;  // input column of slot 0, lane 0; can be negative
  float* live;     // [row slot][lane]: all bits set where the row is not padding
  int32_t* index;  // [column slot][lane]: for look_up, of a pair of rows of lanes
  int64_t*
      sources;  // [column slot]: columns from slot 0 to what the slot's vectors are loaded from
  int64_t* at;  // [row slot][row of lanes]: first float of an input row, from the channel's plane
};

int64_t source_of(const conv_axis& axis, int64_t slot, int64_t stride) {
  return slot % axis.period * stride + slot / axis.period * axis.phase_step;
}

// Asks for `bytes` bytes at an address that need not be inside a tensor.
void prefetch(uintptr_t at, int64_t bytes) {
  for (int64_t b = 0; b < bytes; b += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(at + static_cast<uintptr_t>(b)), 1);
}

void prepare_rows(const slab_filler& f) {
  const esp_conv2d_shape& s = *f.problem->shape;
  const conv_plan& plan = *f.problem->plan;
  const tile_place& place = f.place;
  for (int64_t m = 0; m < f.rows; ++m)
    for (int64_t r = 0; r < place.lane_rows; ++r) {
      const int64_t image = r / plan.rows.lanes;
      const int64_t row = (place.row + r % plan.rows.lanes * place.patch_rows) * s.stride_h -
                          s.pad_top + source_of(plan.rows, m, s.stride_h);
      const bool live = image < place.images && row >= 0 && row < s.h;
      f.at[m * place.lane_rows + r] = live ? image * s.c * s.h * s.w + row * s.w : 0;
      for (int64_t x = 0; x < plan.cols.lanes; ++x) {
        const uint32_t bits = live ? ~0u : 0u;
        __builtin_memcpy(f.live + m * lanes + r * plan.cols.lanes + x, &bits, sizeof(bits));
      }
    }
}

// Slots are grouped: a vector loaded from the first one's source serves all whose lanes it holds.
void prepare_slots(const slab_filler& f) {
  const int64_t stride = f.problem->shape->stride_w, step = f.place.patch_cols * stride;
  const int64_t spare = lanes - 1 - (f.col_lanes - 1) * step;
  int64_t from = 0;
  for (int64_t q = 0; q < f.slots; ++q) {
    const int64_t source = source_of(f.problem->plan->cols, q, stride);
    if (source < from || source > from + spare) from = source;
    f.sources[q] = from;
    for (int64_t l = 0; l < lanes; ++l)
      f.index[q * lanes + l] = static_cast<int32_t>(l % f.col_lanes * step + source - from) +
                               (l / f.col_lanes % 2 != 0 ? of_second : 0);
  }
}

// The filler of a tile, with tables from `table` on.
slab_filler make_filler(const conv_problem& p, const tile_place& place, void* table) {
  const conv_plan& plan = *p.plan;
  slab_filler f{};
  f.problem = &p;
  f.place = place;
  f.rows = plan.rows.slots;
  if (plan.rows.slots == plan.rows.period) f.rows -= plan.rows.patch - place.patch_rows;
  f.slots = plan.cols.slots;
  f.col_lanes = plan.cols.lanes;
  f.width = p.shape->w;
  f.column = place.column * p.shape->stride_w - p.shape->pad_left;
  f.live = static_cast<float*>(table);
  f.index = static_cast<int32_t*>(table) + plan.rows.slots * lanes;
  f.sources = reinterpret_cast<int64_t*>(f.index + f.slots * lanes);
  f.at = f.sources + f.slots;
  if (plan.flat != 0) return f;
  prepare_rows(f);
  prepare_slots(f);
  return f;
}

// Lanes of `lanes` columns from `column` on that lie inside the input.
mask inside_input(int64_t column, int64_t width) {
  const auto below = [](int64_t x) {
    return hn::FirstN(floats, static_cast<size_t>(x < 0 ? 0 : x));
  };
  return hn::AndNot(below(-column), below(width - column));
}

// kSlots neighbouring slots of every row of slots, whose vectors are all loaded from `input` on.
template <int kPairs, int kSlots>
HWY_INLINE void fill_slots(const slab_filler& f, const float* input, mask inside,
                           const int32_t* HWY_RESTRICT indices, float* HWY_RESTRICT to) {
  const int64_t lane_rows = f.place.lane_rows, rows = f.rows, step = f.slots * lanes;
  const int64_t odd = lane_rows == 1 ? 0 : 1;
  const int64_t* HWY_RESTRICT at = f.at;
  const float* HWY_RESTRICT live_lanes = f.live;
  int_vec index[kSlots];
  mask in_pair[kPairs];
#pragma GCC unroll 8
  for (int q = 0; q < kSlots; ++q) index[q] = hn::LoadU(ints, indices + q * lanes);
#pragma GCC unroll 8
  for (int i = 0; i < kPairs; ++i)
    in_pair[i] = hn::FirstN(floats, static_cast<size_t>((2 * i + 2) * f.col_lanes));
  for (int64_t m = 0; m < rows; ++m, at += lane_rows, live_lanes += lanes, to += step) {
    const vec live = hn::LoadU(floats, live_lanes);
    vec even[kPairs], uneven[kPairs];
#pragma GCC unroll 8
    for (int i = 0; i < kPairs; ++i) {
      even[i] = hn::MaskedLoad(inside, floats, input + at[2 * i]);
      uneven[i] = hn::MaskedLoad(inside, floats, input + at[2 * i + odd]);
    }
#pragma GCC unroll 8
    for (int q = 0; q < kSlots; ++q) {
      vec line = look_up(even[kPairs - 1], index[q], uneven[kPairs - 1]);
#pragma GCC unroll 8
      for (int i = kPairs - 2; i >= 0; --i)
        line = hn::IfThenElse(in_pair[i], look_up(even[i], index[q], uneven[i]), line);
      hn::Store(hn::And(line, live), floats, to + q * lanes);
    }
  }
}

// One channel, whose plane of the tile's first image is `plane`.
template <int kPairs>
void fill_channel(const slab_filler& f, const float* plane, float* HWY_RESTRICT slab) {
  for (int64_t begin = 0, end = 0; begin < f.slots; begin = end) {
    while (end < f.slots && end < begin + 4 && f.sources[end] == f.sources[begin]) ++end;
    const int64_t column = f.column + f.sources[begin];
    const mask inside = inside_input(column, f.width);
    const int32_t* const indices = f.index + begin * lanes;
    float* const to = slab + begin * lanes;
    switch (end - begin) {
      case 1: fill_slots<kPairs, 1>(f, plane + column, inside, indices, to); break;
      case 2: fill_slots<kPairs, 2>(f, plane + column, inside, indices, to); break;
      case 3: fill_slots<kPairs, 3>(f, plane + column, inside, indices, to); break;
      default: fill_slots<kPairs, 4>(f, plane + column, inside, indices, to);
    }
  }
}

void fill_flat_channel(const slab_filler& f, const float* plane, float* HWY_RESTRICT slab) {
  const int64_t count = f.place.patch_cols, left = f.width - f.column;
  const int64_t whole = HWY_MIN(count, left / lanes);
  const float* HWY_RESTRICT from = plane + f.column;
  int64_t q = 0;
  for (; q < whole; ++q) hn::Store(hn::LoadU(floats, from + q * lanes), floats, slab + q * lanes);
  for (; q < count; ++q)
    hn::Store(hn::MaskedLoad(inside_input(0, left - q * lanes), floats, from + q * lanes), floats,
              slab + q * lanes);
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

// Asks for what the tile needs of a plane; hardware prefetchers stop at page boundaries, which
// planes often are.
void prefetch_plane(const slab_filler& f, const float* plane) {
  const esp_conv2d_shape& s = *f.problem->shape;
  const conv_plan& plan = *f.problem->plan;
  const tile_place& place = f.place;
  const auto at = reinterpret_cast<uintptr_t>(plane);
  if (plan.flat != 0)
    return prefetch(at + static_cast<uintptr_t>(4 * place.column), 4 * place.patch_cols * lanes);
  const int64_t top = HWY_MAX(place.row * s.stride_h - s.pad_top, int64_t{0});
  const int64_t rows = HWY_MIN(plan.rows.lanes * place.patch_rows * s.stride_h, s.h - top);
  if (plan.cols.tiles == 1)
    return prefetch(at + static_cast<uintptr_t>(4 * top * s.w), 4 * rows * s.w);
  const int64_t left = HWY_MAX(f.column, int64_t{0});
  for (int64_t y = top; y < top + rows; ++y)
    prefetch(at + static_cast<uintptr_t>(4 * (y * s.w + left)),
             4 * plan.cols.lanes * place.patch_cols * s.stride_w);
}

struct slab_view {
  uintptr_t address;
  int64_t scale;  // bytes per unit of a scaled plan's offsets
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
  const fill_function fill = fill_for(*p.plan, place);
  for (int64_t c = 0; c < count; ++c, plane += area) {
    for (int64_t i = 0; i < place.images; ++i)
      prefetch_plane(f, plane + i * s.c * area + conv_planes_ahead * area);
    fill(f, plane, slab + c * p.plan->channel_floats);
  }
  const int64_t scale = p.plan->flat != 0 ? p.plan->channel_floats * 4 : lanes * 4;
  return {reinterpret_cast<uintptr_t>(slab), scale};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
