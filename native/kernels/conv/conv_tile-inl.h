// One tile of the masked convolution, compiled once per instruction set. See conv_plan.h for the
// layout.
//
// Included by cpu_avx2.cc and cpu_avx512.cc only; everything lives in HWY_NAMESPACE so that no
// function of one instruction set can be linked into the path of another.

#include <hwy/highway.h>

#include "kernels/conv/conv_cpu.h"
#include "kernels/conv/tuning.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<float> floats;
constexpr hn::RebindToSigned<decltype(floats)> ints;
using vec = hn::Vec<decltype(floats)>;
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

// kVectors = 0: as many as `vectors` says.
template <int kVectors>
void pack_plane(const plane_rows& p, int64_t vectors, float* HWY_RESTRICT dst) {
  const int64_t count = kVectors == 0 ? vectors : kVectors;
  mask inside[kVectors == 0 ? conv_vectors_avx512 : kVectors];
  for (int64_t v = 0; v < count; ++v) inside[v] = inside_input(p, v);
  zero_rows(p, p.begin, count, dst);
  for (int64_t y = p.begin; y < p.end; ++y) {
    const float* row = p.source + (y - p.begin) * p.row_step + p.first;
    float* to = dst + y * p.pitch;
    for (int64_t i = 0; i < p.images; ++i, row += p.image_step, to += p.image_pitch)
#pragma GCC unroll 4
      for (int64_t v = 0; v < count; ++v)
        hn::StoreU(hn::MaskedLoad(inside[v], floats, row + v * lanes), floats, to + v * lanes);
  }
  zero_rows(p, p.all - p.end, count, dst + p.end * p.pitch);
}

// The same with every `stride`-th column.
void pack_strided_plane(const plane_rows& p, int64_t vectors, float* HWY_RESTRICT dst) {
  const auto steps = hn::Mul(hn::Iota(ints, 0), hn::Set(ints, static_cast<int32_t>(p.stride)));
  zero_rows(p, p.begin, vectors, dst);
  for (int64_t y = p.begin; y < p.end; ++y) {
    for (int64_t i = 0; i < p.images; ++i) {
      const float* row = p.source + (y - p.begin) * p.row_step + i * p.image_step;
      float* to = dst + y * p.pitch + i * p.image_pitch;
      for (int64_t v = 0; v < vectors; ++v, to += lanes) {
        const int64_t column = p.first + v * lanes * p.stride;
        if (column >= 0 && column + (lanes - 1) * p.stride < p.width) {
          hn::StoreU(hn::GatherIndex(floats, row + column, steps), floats, to);
          continue;
        }
        for (int64_t x = 0; x < lanes; ++x) {
          const int64_t at = column + x * p.stride;
          to[x] = at >= 0 && at < p.width ? row[at] : 0.0f;
        }
      }
    }
  }
  zero_rows(p, p.all - p.end, vectors, dst + p.end * p.pitch);
}

void pack_any_plane(const plane_rows& p, int64_t vectors, float* HWY_RESTRICT dst) {
  if (p.stride != 1) return pack_strided_plane(p, vectors, dst);
  switch (vectors) {
    case 1: return pack_plane<1>(p, vectors, dst);
    case 2: return pack_plane<2>(p, vectors, dst);
    case 4: return pack_plane<4>(p, vectors, dst);
    default: return pack_plane<0>(p, vectors, dst);
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

struct sweep_arguments {
  const int32_t *begins, *ends;  // [outputs]: first entry, and one past the last
  const conv_entry* entries;
  int64_t outputs;
  uintptr_t slab;
  int64_t scale;  // bytes per unit of conv_entry::offset
  bool first;     // start from the bias, not from the accumulators
  const float* bias;
  float* accumulators;  // [outputs][vectors][lanes]
};

// Adds the kept weights of all outputs over one slab to the accumulators. `copies` sets of
// accumulators hide the latency of the multiply-add when T is small.
template <int T>
void sweep_slab(const sweep_arguments& a) {
  constexpr int copies = T >= 7 ? 1 : T >= 4 ? 2 : T >= 2 ? 4 : 8;
  float* HWY_RESTRICT accumulators = a.accumulators;
  const uintptr_t slab = a.slab;
  const int64_t scale = a.scale;
  for (int64_t k = 0; k < a.outputs; ++k, accumulators += T * lanes) {
    vec sum[copies][T];
    const vec start = hn::Set(floats, a.first && a.bias != nullptr ? a.bias[k] : 0.0f);
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) {
      sum[0][t] = a.first ? start : hn::LoadU(floats, accumulators + t * lanes);
#pragma GCC unroll 8
      for (int u = 1; u < copies; ++u) sum[u][t] = hn::Zero(floats);
    }
    const auto add = [&](const conv_entry& entry, vec* into) HWY_ATTR {
      const vec value = hn::Set(floats, entry.value);
      const float* x =
          reinterpret_cast<const float*>(slab + static_cast<uintptr_t>(entry.offset * scale));
#pragma GCC unroll 16
      for (int t = 0; t < T; ++t)
        into[t] = hn::MulAdd(value, hn::LoadU(floats, x + t * lanes), into[t]);
    };
    const int64_t later = k + conv_lists_ahead < a.outputs ? k + conv_lists_ahead : k;
    prefetch(reinterpret_cast<uintptr_t>(a.entries + a.begins[later]),
             (a.ends[later] - a.begins[later]) * int64_t{sizeof(conv_entry)});
    const conv_entry* e = a.entries + a.begins[k];
    const conv_entry* const end = a.entries + a.ends[k];
    for (; e + copies <= end; e += copies) {
#pragma GCC unroll 8
      for (int u = 0; u < copies; ++u) add(e[u], sum[u]);
    }
    for (; e < end; ++e) add(*e, sum[0]);
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) {
#pragma GCC unroll 8
      for (int u = 1; u < copies; ++u) sum[0][t] = hn::Add(sum[0][t], sum[u][t]);
      hn::StoreU(sum[0][t], floats, accumulators + t * lanes);
    }
  }
}

using sweep_function = void (*)(const sweep_arguments&);
constexpr sweep_function sweeps[] = {
    sweep_slab<1>,  sweep_slab<2>,  sweep_slab<3>,  sweep_slab<4>,  sweep_slab<5>,  sweep_slab<6>,
    sweep_slab<7>,  sweep_slab<8>,  sweep_slab<9>,  sweep_slab<10>, sweep_slab<11>, sweep_slab<12>,
#if HWY_TARGET <= HWY_AVX3
    sweep_slab<13>, sweep_slab<14>, sweep_slab<15>, sweep_slab<16>,
#endif
};

// dst[x] = relu ? max(0, src[x]) : src[x]; not-a-number passes.
void store_row(const float* HWY_RESTRICT src, int64_t count, bool relu, float* HWY_RESTRICT dst) {
  const vec least = hn::Set(floats, relu ? 0.0f : -__builtin_inff());
  int64_t x = 0;
  // Max returns its second operand when one is not a number.
  for (; x + lanes <= count; x += lanes)
    hn::StoreU(hn::Max(least, hn::LoadU(floats, src + x)), floats, dst + x);
  if (x == count) return;
  const auto live = hn::FirstN(floats, static_cast<size_t>(count - x));
  hn::BlendedStore(hn::Max(least, hn::MaskedLoad(live, floats, src + x)), live, floats, dst + x);
}

// Writes one output channel of a tile.
void store_tile(const conv_problem& p, const tile_place& place, int64_t output,
                const float* HWY_RESTRICT sums) {
  const conv_plan& plan = *p.plan;
  const conv_geometry& g = *p.geometry;
  const int64_t columns = HWY_MIN(int64_t{g.tile_cols}, plan.out_w - place.column);
  for (int64_t i = 0; i < place.images; ++i) {
    const int64_t plane = (place.image + i) * p.shape->k + output;
    float* dst = p.output + (plane * plan.out_h + place.row) * plan.out_w + place.column;
    const float* src = sums + i * g.image_pitch;
    const auto ahead = reinterpret_cast<uintptr_t>(dst) +
                       static_cast<uintptr_t>(conv_planes_ahead * plan.out_h * plan.out_w * 4);
    for (int64_t y = 0; y < place.rows; ++y)
      prefetch(ahead + static_cast<uintptr_t>(y * plan.out_w * 4), columns * 4);
    for (int64_t y = 0; y < place.rows; ++y)
      store_row(src + y * g.pitch, columns, p.relu, dst + y * plan.out_w);
  }
}

tile_place place_of(const conv_problem& p, int64_t tile) {
  const conv_geometry& g = *p.geometry;
  const int64_t per_image = g.tiles_h * g.tiles_w;
  const int64_t image = tile / per_image * g.images,
                row = tile % per_image / g.tiles_w * p.plan->tile_rows;
  return {image, HWY_MIN(int64_t{g.images}, p.shape->n - image), row,
          HWY_MIN(int64_t{p.plan->tile_rows}, p.plan->out_h - row), tile % g.tiles_w * g.tile_cols};
}

}  // namespace

void run_conv_tile(const conv_problem& p, const conv_tile& tile, float* scratch) {
  const esp_conv2d_shape& s = *p.shape;
  const conv_plan& plan = *p.plan;
  const conv_geometry& g = *p.geometry;
  const tile_place place = place_of(p, tile.tile);
  const int64_t group_channels = s.c / s.groups, slab_channels = g.slab_lists * plan.list_channels;
  const int64_t first_output = tile.group * (s.k / s.groups) + tile.output_begin;
  const int64_t vectors =
      ((place.rows - 1) * g.pitch + g.images * g.image_pitch + lanes - 1) / lanes;
  sweep_arguments sweep{};
  sweep.outputs = tile.output_end - tile.output_begin;
  sweep.entries = p.entries;
  sweep.scale = plan.shared != 0 ? 1 : g.pitch * int64_t{sizeof(float)};
  sweep.bias = p.bias == nullptr ? nullptr : p.bias + first_output;
  sweep.accumulators = scratch + g.slab_floats;
  for (int64_t slab = 0; slab < g.slabs; ++slab) {
    const int64_t first = slab * slab_channels,
                  count = HWY_MIN(slab_channels, group_channels - first);
    pack_slab(p, place, tile.group * group_channels + first, count, scratch);
    sweep.begins = p.starts + slab * g.slab_lists * s.k + first_output;
    sweep.ends = p.starts + HWY_MIN((slab + 1) * g.slab_lists, plan.lists) * s.k + first_output;
    // Offsets count from the group's first channel.
    sweep.slab = reinterpret_cast<uintptr_t>(scratch) -
                 static_cast<uintptr_t>(first * g.channel_floats) * sizeof(float);
    sweep.first = slab == 0;
    sweeps[vectors - 1](sweep);
  }
  for (int64_t k = 0; k < sweep.outputs; ++k)
    store_tile(p, place, first_output + k, sweep.accumulators + k * vectors * lanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
