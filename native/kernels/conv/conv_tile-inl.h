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

// Writes `vectors` vectors at dst: source[first + x * stride] where that index is in [0, width),
// else +0. `source` null: a row of padding. May write past the row: rows are written in rising
// order.
void pack_row(const float* source, int64_t width, int64_t first, int64_t stride, int64_t vectors,
              const hn::Mask<decltype(floats)>* inside, float* HWY_RESTRICT dst) {
  if (source == nullptr) {
    for (int64_t v = 0; v < vectors; ++v) hn::StoreU(hn::Zero(floats), floats, dst + v * lanes);
    return;
  }
  if (stride == 1) {
    for (int64_t v = 0; v < vectors; ++v)
      hn::StoreU(hn::MaskedLoad(inside[v], floats, source + first + v * lanes), floats,
                 dst + v * lanes);
    return;
  }
  const auto steps = hn::Mul(hn::Iota(ints, 0), hn::Set(ints, static_cast<int32_t>(stride)));
  for (int64_t v = 0; v < vectors; ++v, dst += lanes, first += lanes * stride) {
    if (first >= 0 && first + (lanes - 1) * stride < width) {
      hn::StoreU(hn::GatherIndex(floats, source + first, steps), floats, dst);
      continue;
    }
    for (int64_t x = 0; x < lanes; ++x) {
      const int64_t column = first + x * stride;
      dst[x] = column >= 0 && column < width ? source[column] : 0.0f;
    }
  }
}

// Packs `count` channels from channel `channel` on of `images` images from image `image` on: the
// rows and columns that the tile with first output pixel (row, col) needs.
void pack_slab(const conv_problem& p, int64_t image, int64_t images, int64_t channel, int64_t count,
               int64_t row, int64_t col, float* HWY_RESTRICT slab) {
  const esp_conv2d_shape& s = *p.shape;
  const conv_plan& plan = *p.plan;
  const conv_geometry& g = *p.geometry;
  const int64_t vectors = (g.image_pitch + lanes - 1) / lanes, area = s.h * s.w;
  hn::Mask<decltype(floats)> inside[conv_vectors_avx512];
  for (int64_t c = 0; c < count; ++c) {
    for (int64_t index = 0; index < plan.planes; ++index) {
      const conv_plane plane = conv_plane_at(plan, s, index);
      const int64_t first = col * s.stride_w + plane.column - s.pad_left;
      for (int64_t v = 0; v < vectors; ++v) {
        const auto column =
            hn::Add(hn::Iota(ints, 0), hn::Set(ints, static_cast<int32_t>(first + v * lanes)));
        inside[v] = hn::RebindMask(
            floats, hn::And(hn::Gt(column, hn::Set(ints, -1)),
                            hn::Lt(column, hn::Set(ints, static_cast<int32_t>(s.w)))));
      }
      for (int64_t y = 0; y < plan.plane_rows; ++y, slab += g.pitch) {
        const int64_t line = (row + y) * s.stride_h + plane.row - s.pad_top;
        const float* source = line >= 0 && line < s.h
                                  ? p.input + (image * s.c + channel + c) * area + line * s.w
                                  : nullptr;
        for (int64_t i = 0; i < images; ++i) {
          pack_row(source, s.w, first, s.stride_w, vectors, inside, slab + i * g.image_pitch);
          if (source != nullptr) source += s.c * area;
        }
      }
    }
  }
}

struct sweep_arguments {
  const int32_t *begins, *ends;  // [output * lists]: first entry, and one past the last
  const conv_entry* entries;
  int64_t outputs, lists;
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
    const conv_entry* e = a.entries + a.begins[k * a.lists];
    const conv_entry* const end = a.entries + a.ends[k * a.lists];
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

void store_tile(const conv_problem& p, const conv_tile& tile, int64_t image, int64_t images,
                int64_t row, int64_t rows, int64_t col, const float* HWY_RESTRICT sums) {
  const esp_conv2d_shape& s = *p.shape;
  const conv_plan& plan = *p.plan;
  const conv_geometry& g = *p.geometry;
  const int64_t columns = HWY_MIN(int64_t{g.tile_cols}, plan.out_w - col);
  for (int64_t i = 0; i < images; ++i) {
    const int64_t output = (image + i) * s.k + tile.group * (s.k / s.groups) + tile.output_begin;
    float* dst = p.output + (output * plan.out_h + row) * plan.out_w + col;
    const float* src = sums + i * g.image_pitch;
    for (int64_t y = 0; y < rows; ++y)
      store_row(src + y * g.pitch, columns, p.relu, dst + y * plan.out_w);
  }
}

}  // namespace

void run_conv_tile(const conv_problem& p, const conv_tile& tile, float* scratch) {
  const esp_conv2d_shape& s = *p.shape;
  const conv_plan& plan = *p.plan;
  const conv_geometry& g = *p.geometry;
  float* const accumulators = scratch + g.slab_floats;
  const int64_t group_channels = s.c / s.groups, slab_channels = g.slab_lists * plan.list_channels;
  const int64_t outputs = tile.output_end - tile.output_begin;
  const int64_t first_output = tile.group * (s.k / s.groups) + tile.output_begin;
  const int64_t per_image = g.tiles_h * g.tiles_w;
  const int64_t image = tile.tile / per_image * g.images,
                images = HWY_MIN(int64_t{g.images}, s.n - image);
  const int64_t row = tile.tile % per_image / g.tiles_w * plan.tile_rows,
                col = tile.tile % g.tiles_w * g.tile_cols;
  const int64_t rows = HWY_MIN(int64_t{plan.tile_rows}, plan.out_h - row);
  const int64_t vectors = ((rows - 1) * g.pitch + g.images * g.image_pitch + lanes - 1) / lanes;
  sweep_arguments sweep{};
  sweep.outputs = outputs;
  sweep.lists = plan.lists;
  sweep.entries = p.entries;
  sweep.scale = plan.shared != 0 ? 1 : g.pitch * int64_t{sizeof(float)};
  sweep.accumulators = accumulators;
  for (int64_t slab = 0; slab < g.slabs; ++slab) {
    const int64_t first = slab * slab_channels,
                  count = HWY_MIN(slab_channels, group_channels - first);
    pack_slab(p, image, images, tile.group * group_channels + first, count, row, col, scratch);
    sweep.begins = p.starts + first_output * plan.lists + slab * g.slab_lists;
    sweep.ends = sweep.begins + HWY_MIN(g.slab_lists, plan.lists - slab * g.slab_lists);
    // Offsets count from the group's first channel.
    sweep.slab = reinterpret_cast<uintptr_t>(scratch) -
                 static_cast<uintptr_t>(first * g.channel_floats) * sizeof(float);
    sweep.first = slab == 0;
    sweep.bias = p.bias == nullptr ? nullptr : p.bias + first_output;
    sweeps[vectors - 1](sweep);
  }
  for (int64_t k = 0; k < outputs; ++k) {
    const conv_tile one{tile.tile, tile.group, tile.output_begin + k, tile.output_begin + k + 1};
    store_tile(p, one, image, images, row, rows, col, accumulators + k * vectors * lanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
