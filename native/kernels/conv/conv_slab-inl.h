// Slabs of the masked convolution, compiled once per instruction set: what a tile needs of a block
// of input channels, packed as conv_plan.h describes or read in place. Included by conv_tile-inl.h
// only.
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
constexpr int64_t lanes = hn::MaxLanes(floats);

using mask = hn::Mask<decltype(floats)>;

// One plane of one channel, for all images of a tile. A row is `vectors` vectors; it may be written
// past its end, because what follows is written later.
struct plane_rows {
  const float* source;  // column 0 of the first row that is not padding, first image
  int64_t width;        // columns of the input
  int64_t first;        // column of dst[0], can be negative
  int64_t stride;       // columns of the input per float of dst
  int64_t begin, end,
      all;  // rows [begin, end) come from the input, the others of [0, all) are zero
  int64_t row_step, image_step;        // floats of the input
  int64_t pitch, image_pitch, images;  // floats of dst
};

void zero_rows(const plane_rows& p, int64_t count, int64_t vectors, float* HWY_RESTRICT dst) {
  for (int64_t y = 0; y < count; ++y)
    for (int64_t i = 0; i < p.images; ++i)
      for (int64_t v = 0; v < vectors; ++v)
        hn::StoreU(hn::Zero(floats), floats, dst + y * p.pitch + i * p.image_pitch + v * lanes);
}

// Lanes of vector `v` that lie inside the input's columns.
mask inside_input(const plane_rows& p, int64_t v) {
  const int64_t column = p.first + v * lanes;
  const auto below = [](int64_t x) {
    return hn::FirstN(floats, static_cast<size_t>(x < 0 ? 0 : x));
  };
  return hn::AndNot(below(-column), below(p.width - column));
}

// Every kStride-th column, kStride = 1 or 2. kVectors = 0: as many vectors as `vectors` says.
template <int kVectors, int kStride>
void pack_plane(const plane_rows& p, int64_t vectors, float* HWY_RESTRICT dst) {
  const int64_t count = kVectors == 0 ? vectors : kVectors;
  mask inside[kStride * (kVectors == 0 ? conv_vectors_avx512 : kVectors)];
  for (int64_t v = 0; v < count * kStride; ++v) inside[v] = inside_input(p, v);
  zero_rows(p, p.begin, count, dst);
  for (int64_t y = p.begin; y < p.end; ++y) {
    const float* row = p.source + (y - p.begin) * p.row_step + p.first;
    float* to = dst + y * p.pitch;
    for (int64_t i = 0; i < p.images; ++i, row += p.image_step, to += p.image_pitch)
#pragma GCC unroll 4
      for (int64_t v = 0; v < count; ++v) {
        const int64_t at = v * kStride;
        auto x = hn::MaskedLoad(inside[at], floats, row + at * lanes);
        if (kStride == 2) {
          const auto next =
              hn::MaskedLoad(inside[at + kStride - 1], floats, row + (at + 1) * lanes);
          x = hn::ConcatEven(floats, next, x);
        }
        hn::StoreU(x, floats, to + v * lanes);
      }
  }
  zero_rows(p, p.all - p.end, count, dst + p.end * p.pitch);
}

// Any stride.
void pack_strided_plane(const plane_rows& p, int64_t vectors, float* HWY_RESTRICT dst) {
  zero_rows(p, p.begin, vectors, dst);
  for (int64_t y = p.begin; y < p.end; ++y) {
    for (int64_t i = 0; i < p.images; ++i) {
      const float* row = p.source + (y - p.begin) * p.row_step + i * p.image_step;
      float* to = dst + y * p.pitch + i * p.image_pitch;
      for (int64_t x = 0; x < vectors * lanes; ++x) {
        const int64_t column = p.first + x * p.stride;
        to[x] = column >= 0 && column < p.width ? row[column] : 0.0f;
      }
    }
  }
  zero_rows(p, p.all - p.end, vectors, dst + p.end * p.pitch);
}

void pack_any_plane(const plane_rows& p, int64_t vectors, float* HWY_RESTRICT dst) {
  if (p.stride == 2) return pack_plane<0, 2>(p, vectors, dst);
  if (p.stride != 1) return pack_strided_plane(p, vectors, dst);
  switch (vectors) {
    case 1: return pack_plane<1, 1>(p, vectors, dst);
    case 2: return pack_plane<2, 1>(p, vectors, dst);
    case 4: return pack_plane<4, 1>(p, vectors, dst);
    default: return pack_plane<0, 1>(p, vectors, dst);
  }
}

// The images, rows and columns of a tile: its first output pixel and its extent.
struct tile_place {
  int64_t image, images, row, rows, column;
};

// Asks for `bytes` bytes at an address that need not be inside a tensor.
void prefetch(uintptr_t at, int64_t bytes) {
  for (int64_t b = 0; b < bytes; b += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(at + static_cast<uintptr_t>(b)), 1);
}

// Packs `count` channels from channel `channel` on: what the tile needs of them.
void pack_slab(const conv_problem& p, const tile_place& place, int64_t channel, int64_t count,
               float* HWY_RESTRICT slab) {
  const esp_conv2d_shape& s = *p.shape;
  const conv_plan& plan = *p.plan;
  const conv_geometry& g = *p.geometry;
  const int64_t vectors = (g.image_pitch + lanes - 1) / lanes, area = s.h * s.w;
  // Hardware prefetchers stop at page boundaries, which planes often are.
  const int64_t first_row = HWY_MAX(place.row * s.stride_h - s.pad_top, int64_t{0});
  const int64_t last_row = HWY_MIN(first_row + plan.plane_rows * s.stride_h, s.h);
  const auto ahead = static_cast<uintptr_t>(
      (conv_planes_ahead * area + first_row * s.w + (s.h == 1 ? place.column : 0)) * 4);
  const int64_t ahead_bytes = s.h == 1 ? vectors * lanes * 4 : (last_row - first_row) * s.w * 4;
  plane_rows rows{};
  rows.width = s.w;
  rows.stride = s.stride_w;
  rows.all = plan.plane_rows;
  rows.row_step = s.stride_h * s.w;
  rows.image_step = s.c * area;
  rows.pitch = g.pitch;
  rows.image_pitch = g.image_pitch;
  rows.images = place.images;
  for (int64_t c = channel; c < channel + count; ++c) {
    const float* const plane = p.input + (place.image * s.c + c) * area;
    for (int64_t i = 0; i < place.images; ++i)
      prefetch(reinterpret_cast<uintptr_t>(plane + i * rows.image_step) + ahead, ahead_bytes);
    for (int64_t a = 0; a < plan.planes / plan.column_planes; ++a) {
      const int64_t top = place.row * s.stride_h + a * plan.row_phase_step - s.pad_top;
      const int64_t begin = top < 0 ? (-top + s.stride_h - 1) / s.stride_h : 0;
      const int64_t end = s.h > top ? (s.h - top + s.stride_h - 1) / s.stride_h : 0;
      rows.begin = begin < rows.all ? begin : rows.all;
      rows.end = end < rows.begin ? rows.begin : end < rows.all ? end : rows.all;
      rows.source = plane + (top + rows.begin * s.stride_h) * s.w;
      for (int64_t b = 0; b < plan.column_planes; ++b, slab += rows.all * g.pitch) {
        rows.first = place.column * s.stride_w + b * plan.column_plane_step - s.pad_left;
        pack_any_plane(rows, vectors, slab);
      }
    }
  }
}

struct slab_view {
  uintptr_t address;  // of the first channel's row 0
  int64_t scale;      // bytes per unit of conv_entry::offset
  int64_t channel_bytes;
};

// The slab of `count` channels from `channel` on: the input itself where that serves, else packed.
slab_view view_slab(const conv_problem& p, const tile_place& place, int64_t channel, int64_t count,
                    int64_t vectors, float* scratch) {
  const esp_conv2d_shape& s = *p.shape;
  const int64_t first = place.image * s.c + channel, row_bytes = s.w * int64_t{sizeof(float)};
  const int64_t read_end = (first + count - 1) * s.w + place.column + vectors * lanes;
  if (p.in_place && read_end <= s.n * s.c * s.w) {
    const auto at = reinterpret_cast<uintptr_t>(p.input + first * s.w + place.column);
    for (int64_t c = 0; c < count; ++c)
      prefetch(at + static_cast<uintptr_t>(c * row_bytes), vectors * lanes * 4);
    return {at, row_bytes, row_bytes};
  }
  pack_slab(p, place, channel, count, scratch);
  return {reinterpret_cast<uintptr_t>(scratch), p.plan->shared != 0 ? 1 : p.geometry->pitch * 4,
          p.geometry->channel_floats * 4};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
