// Slabs of the convolution with a vector mask, compiled once per instruction set: the copy of what
// a tile needs of the input, see conv_vector_plan.h. Included by conv_vector_tile-inl.h only.
#pragma once

#include <hwy/highway.h>

#include "kernels/conv_vector/conv_vector_cpu.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<float> floats;
constexpr int64_t lanes = hn::MaxLanes(floats);

using vec = hn::Vec<decltype(floats)>;
using mask = hn::Mask<decltype(floats)>;

// The first output pixel of a tile, and its extent.
struct tile_place {
  int64_t image, images, row, rows, column, columns;
};

// One plane of one channel. Rows are written in whole vectors: what follows is written later.
struct plane_copy {
  const float* source;  // column 0 of the first row that is not padding
  int64_t row_step;     // floats from one input row to the next
  int64_t begin, end,
      all;                // plane rows [begin, end) come from the input, the rest of [0, all) is 0
  int64_t first, stride;  // input column of plane column 0, can be negative; and per plane column
  int64_t width;          // columns of the input
  int64_t pitch;          // floats per plane row
  int64_t ahead;          // floats from what is copied to what is prefetched, in long rows
};

void prefetch_bytes(uintptr_t at, int64_t bytes) {
  for (int64_t b = 0; b < bytes; b += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(at + static_cast<uintptr_t>(b)));
}

// Lanes of `lanes` input columns from `column` on that lie inside the input.
mask inside_input(const plane_copy& p, int64_t column) {
  const auto below = [](int64_t x) HWY_ATTR {
    return hn::FirstN(floats, static_cast<size_t>(x < 0 ? 0 : x));
  };
  return hn::AndNot(below(-column), below(p.width - column));
}

// Rows of kVectors vectors, kStride = 1 or 2.
template <int kVectors, int kStride>
void copy_short_rows(const plane_copy& p, float* HWY_RESTRICT dst) {
  mask inside[kVectors * kStride];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors * kStride; ++v) inside[v] = inside_input(p, p.first + v * lanes);
  const float* row = p.source + p.first;
  for (int64_t y = p.begin; y < p.end; ++y, row += p.row_step, dst += p.pitch) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const int at = v * kStride;
      if (kVectors == 4) __builtin_prefetch(row + at * lanes + p.ahead);
      vec x = hn::MaskedLoad(inside[at], floats, row + at * lanes);
      if (kStride == 2)
        x = hn::ConcatEven(
            floats, hn::MaskedLoad(inside[at + kStride - 1], floats, row + (at + 1) * lanes), x);
      hn::StoreU(x, floats, dst + v * lanes);
    }
  }
}

void copy_long_rows(const plane_copy& p, float* HWY_RESTRICT dst) {
  const float* row = p.source + p.first;
  for (int64_t y = p.begin; y < p.end; ++y, row += p.row_step, dst += p.pitch) {
    for (int64_t x = 0; x < p.pitch; x += lanes) {
      __builtin_prefetch(row + x + p.ahead);
      const int64_t column = p.first + x;
      if (column >= 0 && column + lanes <= p.width)
        hn::StoreU(hn::LoadU(floats, row + x), floats, dst + x);
      else
        hn::StoreU(hn::MaskedLoad(inside_input(p, column), floats, row + x), floats, dst + x);
    }
  }
}

void copy_strided_rows(const plane_copy& p, float* HWY_RESTRICT dst) {
  const float* row = p.source;
  for (int64_t y = p.begin; y < p.end; ++y, row += p.row_step, dst += p.pitch) {
    for (int64_t x = 0; x < p.pitch; ++x) {
      const int64_t column = p.first + x * p.stride;
      dst[x] = column >= 0 && column < p.width ? row[column] : 0.0f;
    }
  }
}

void copy_rows(const plane_copy& p, float* HWY_RESTRICT dst) {
  const int64_t vectors = (p.pitch + lanes - 1) / lanes;
  if (p.stride == 2) {
    switch (vectors) {
      case 1: return copy_short_rows<1, 2>(p, dst);
      case 2: return copy_short_rows<2, 2>(p, dst);
      case 3: return copy_short_rows<3, 2>(p, dst);
      case 4: return copy_short_rows<4, 2>(p, dst);
      default: return copy_strided_rows(p, dst);
    }
  }
  if (p.stride != 1) return copy_strided_rows(p, dst);
  switch (vectors) {
    case 1: return copy_short_rows<1, 1>(p, dst);
    case 2: return copy_short_rows<2, 1>(p, dst);
    case 3: return copy_short_rows<3, 1>(p, dst);
    case 4: return copy_short_rows<4, 1>(p, dst);
    default: return copy_long_rows(p, dst);
  }
}

void zero_rows(int64_t count, int64_t pitch, float* HWY_RESTRICT dst) {
  for (int64_t i = 0; i < count * pitch; i += lanes) hn::StoreU(hn::Zero(floats), floats, dst + i);
}

void copy_plane(const plane_copy& p, float* HWY_RESTRICT dst) {
  zero_rows(p.begin, p.pitch, dst);
  copy_rows(p, dst + p.begin * p.pitch);
  zero_rows(p.all - p.end, p.pitch, dst + p.end * p.pitch);
}

// True if the planes of a tile are the input's rows with zeros between them, and short.
bool spreads_planes(const vector_problem& p) {
  return p.shape->stride_h == 1 && p.shape->stride_w == 1 && p.geometry->tiles_w == 1 &&
         p.plan->pitch <= vector_spread_pitch;
}

// Lists the vectors of a plane of the tile; returns their number.
int64_t list_spreads(const vector_problem& p, const tile_place& place, vector_spread* spreads) {
  const esp_conv2d_shape& s = *p.shape;
  const vector_plan& plan = *p.plan;
  int64_t y = place.row - s.pad_top, x = -s.pad_left;
  const int64_t end = y + plan.plane_rows;
  int64_t source = HWY_MAX(y, int64_t{0}) * s.w, listed = 0;
  for (; y < end; ++listed) {
    vector_spread& spread = spreads[listed];
    spread.source = source;
    spread.count = 0;
    for (int64_t lane = 0; lane < lanes; ++lane, ++x) {
      if (x + s.pad_left == plan.pitch) {
        x = -s.pad_left;
        ++y;
      }
      const bool inside = y >= 0 && y < HWY_MIN(s.h, end) && x >= 0 && x < s.w;
      // The last lane is zero if fewer are loaded.
      spread.from[lane] = inside ? spread.count++ : static_cast<int32_t>(lanes) - 1;
    }
    source += spread.count;
    if (x + s.pad_left == plan.pitch) {
      x = -s.pad_left;
      ++y;
    }
  }
  return listed;
}

void spread_plane(const float* plane, const vector_spread* spreads, int64_t count,
                  float* HWY_RESTRICT dst) {
  constexpr hn::RebindToSigned<decltype(floats)> ints;
  for (const vector_spread *spread = spreads, *end = spreads + count; spread < end; ++spread) {
    const mask loaded = hn::FirstN(floats, static_cast<size_t>(spread->count));
    const vec run = hn::MaskedLoad(loaded, floats, plane + spread->source);
    const auto from = hn::IndicesFromVec(floats, hn::LoadU(ints, spread->from));
    hn::StoreU(hn::TableLookupLanes(run, from), floats, dst);
    dst += lanes;
  }
}

// Copies the phases of one plane by rows. `copy` holds what all planes of the tile share.
void copy_phases(const vector_problem& p, const tile_place& place, const float* plane,
                 plane_copy copy, float* HWY_RESTRICT dst) {
  const esp_conv2d_shape& s = *p.shape;
  const vector_plan& plan = *p.plan;
  for (int64_t a = 0; a < plan.rows.planes; ++a) {
    const int64_t top = place.row * s.stride_h + a * s.dilation_h - s.pad_top;
    const int64_t begin = top < 0 ? (-top + s.stride_h - 1) / s.stride_h : 0;
    const int64_t end = s.h > top ? (s.h - top + s.stride_h - 1) / s.stride_h : 0;
    copy.begin = HWY_MIN(begin, copy.all);
    copy.end = HWY_MAX(HWY_MIN(end, copy.all), copy.begin);
    copy.source = plane + (top + copy.begin * s.stride_h) * s.w;
    for (int64_t b = 0; b < plan.columns.planes; ++b, dst += copy.all * copy.pitch) {
      copy.first = place.column * s.stride_w + b * s.dilation_w - s.pad_left;
      copy_plane(copy, dst);
    }
  }
}

// Copies the group's channels of a tile. `spreads` is scratch.
void copy_tile(const vector_problem& p, const tile_place& place, int64_t group,
               vector_spread* spreads, float* HWY_RESTRICT slab) {
  const esp_conv2d_shape& s = *p.shape;
  const vector_plan& plan = *p.plan;
  const int64_t area = s.h * s.w, channels = s.c / s.groups;
  plane_copy copy{};
  copy.row_step = s.stride_h * s.w;
  copy.all = plan.plane_rows;
  copy.stride = s.stride_w;
  copy.width = s.w;
  copy.pitch = plan.pitch;
  // Hardware prefetchers stop at page boundaries, which planes often are.
  const int64_t first_row = HWY_MAX(place.row * s.stride_h - s.pad_top, int64_t{0});
  const int64_t rows = HWY_MIN(first_row + plan.plane_rows * s.stride_h, s.h) - first_row;
  const int64_t first_column = s.h == 1 ? place.column : 0;
  copy.ahead = vector_planes_ahead * area;
  const auto ahead = static_cast<uintptr_t>((copy.ahead + first_row * s.w + first_column) * 4);
  const int64_t ahead_bytes = (s.h == 1 ? HWY_MIN(plan.pitch, s.w) : rows * s.w) * 4;
  const bool spread = spreads_planes(p);
  const bool prefetch = spread || s.stride_w > 2 || plan.pitch <= 3 * lanes;
  const int64_t vectors = spread ? list_spreads(p, place, spreads) : 0;
  for (int64_t i = 0; i < place.images; ++i) {
    const float* plane = p.input + ((place.image + i) * s.c + group * channels) * area;
    float* dst = slab + i * p.geometry->image_floats;
    for (int64_t c = 0; c < channels; ++c, plane += area, dst += plan.channel_floats) {
      if (prefetch) prefetch_bytes(reinterpret_cast<uintptr_t>(plane) + ahead, ahead_bytes);
      if (spread)
        spread_plane(plane, spreads, vectors, dst);
      else
        copy_phases(p, place, plane, copy, dst);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
