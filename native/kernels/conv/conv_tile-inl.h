// One tile of the masked convolution, compiled once per instruction set. See conv_plan.h for the
// layout.
//
// Included by cpu_avx2.cc and cpu_avx512.cc only; everything lives in HWY_NAMESPACE so that no
// function of one instruction set can be linked into the path of another.

#include <hwy/highway.h>

#include "kernels/conv/conv_store-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

struct sweep_arguments {
  const int32_t *begins, *ends;  // [outputs]: first entry, and one past the last
  const conv_entry* entries;
  int64_t outputs;
  uintptr_t slab;
  int64_t scale;  // bytes per unit of conv_entry::offset
  bool first;     // start from zero, not from the accumulators
  bool last;      // store each output as soon as it is complete
  const conv_problem* problem;
  const tile_place* place;
  int64_t first_output;
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
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) {
      sum[0][t] = a.first ? hn::Zero(floats) : hn::LoadU(floats, accumulators + t * lanes);
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
    if (a.last) store_tile(*a.problem, *a.place, a.first_output + k, accumulators);
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
  sweep.accumulators = scratch + g.slab_floats;
  sweep.problem = &p;
  sweep.place = &place;
  sweep.first_output = first_output;
  for (int64_t slab = 0; slab < g.slabs; ++slab) {
    const int64_t first = slab * slab_channels,
                  count = HWY_MIN(slab_channels, group_channels - first);
    const slab_view view =
        view_slab(p, place, tile.group * group_channels + first, count, vectors, scratch);
    // Offsets count from the group's first channel.
    sweep.slab = view.address - static_cast<uintptr_t>(first * view.channel_bytes);
    sweep.scale = view.scale;
    sweep.begins = p.starts + slab * g.slab_lists * s.k + first_output;
    sweep.ends = p.starts + HWY_MIN((slab + 1) * g.slab_lists, plan.lists) * s.k + first_output;
    sweep.first = slab == 0;
    sweep.last = slab + 1 == g.slabs;
    sweeps[vectors - 1](sweep);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
