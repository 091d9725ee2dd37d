// One tile of the convolution with a vector mask, compiled once per instruction set. See
// conv_vector_plan.h for the layout.
//
// Included by cpu_avx2.cc and cpu_avx512.cc only; everything lives in HWY_NAMESPACE so that no
// function of one instruction set can be linked into the path of another.

#include <hwy/highway.h>

#include "kernels/conv_vector/conv_vector_slab-inl.h"
#include "kernels/conv_vector/conv_vector_store-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

constexpr int most_micro_units = 10;

struct sweep_arguments {
  const float* slab;
  const int32_t* offsets;
  const float* weights;
  int64_t count;  // kept vectors
  int64_t units[most_micro_units];
  bool prefetch;
  float* sums;  // [pixel][16]
};

// Adds the kept vectors of one block over kUnits units of kUnit pixels.
template <int kUnit, int kUnits>
void sweep_micro_tile(const sweep_arguments& a) {
  constexpr int parts = static_cast<int>(vector_outputs / lanes);
  vec sum[kUnits][kUnit][parts];
  const float* units[kUnits];
#pragma GCC unroll 10
  for (int u = 0; u < kUnits; ++u) {
    units[u] = a.slab + a.units[u];
    // Otherwise the compiler adds slab and unit in the loop.
    asm("" : "+r"(units[u]));
#pragma GCC unroll 7
    for (int x = 0; x < kUnit; ++x)
#pragma GCC unroll 2
      for (int i = 0; i < parts; ++i) sum[u][x][i] = hn::Zero(floats);
  }
  const float* HWY_RESTRICT weights = a.weights;
  const int32_t* HWY_RESTRICT offset = a.offsets;
  const int32_t* const end = offset + a.count;
  const bool prefetch = a.prefetch;
  // An offset that is loaded just before its loads makes them wait.
  int64_t next = *offset;
  for (; offset < end; ++offset, weights += vector_outputs) {
    vec w[parts];
#pragma GCC unroll 2
    for (int i = 0; i < parts; ++i) w[i] = hn::Load(floats, weights + i * lanes);
    const int64_t at = next;
    next = offset[1];
    asm("" : "+r"(next));
    if (prefetch) {
      const int64_t ahead = offset[vector_entries_ahead];
      __builtin_prefetch(units[0] + ahead);
      if (kUnits > 2) __builtin_prefetch(units[kUnits / 2] + ahead);
      if (kUnits > 1) __builtin_prefetch(units[kUnits - 1] + ahead + kUnit - 1);
    }
#pragma GCC unroll 10
    for (int u = 0; u < kUnits; ++u) {
      const float* pixels = units[u] + at;
      // Otherwise the compiler computes an address for every pixel.
      if (kUnit > 1) asm("" : "+r"(pixels));
#pragma GCC unroll 7
      for (int x = 0; x < kUnit; ++x) {
        const vec value = hn::Set(floats, pixels[x]);
#pragma GCC unroll 2
        for (int i = 0; i < parts; ++i) sum[u][x][i] = hn::MulAdd(value, w[i], sum[u][x][i]);
      }
    }
  }
  float* HWY_RESTRICT const sums = a.sums;
#pragma GCC unroll 10
  for (int u = 0; u < kUnits; ++u)
#pragma GCC unroll 7
    for (int x = 0; x < kUnit; ++x)
#pragma GCC unroll 2
      for (int i = 0; i < parts; ++i)
        hn::Store(sum[u][x][i], floats, sums + (u * kUnit + x) * vector_outputs + i * lanes);
}

using sweep_function = void (*)(const sweep_arguments&);

// The sweeps of one unit, by number of units - 1.
#if HWY_TARGET <= HWY_AVX3
constexpr sweep_function sweeps_of_7[] = {sweep_micro_tile<7, 1>, sweep_micro_tile<7, 2>,
                                          sweep_micro_tile<7, 3>, sweep_micro_tile<7, 4>};
constexpr sweep_function sweeps_of_4[] = {
    sweep_micro_tile<4, 1>, sweep_micro_tile<4, 2>, sweep_micro_tile<4, 3>, sweep_micro_tile<4, 4>,
    sweep_micro_tile<4, 5>, sweep_micro_tile<4, 6>, sweep_micro_tile<4, 7>};
constexpr sweep_function sweeps_of_3[] = {
    sweep_micro_tile<3, 1>, sweep_micro_tile<3, 2>, sweep_micro_tile<3, 3>,
    sweep_micro_tile<3, 4>, sweep_micro_tile<3, 5>, sweep_micro_tile<3, 6>,
    sweep_micro_tile<3, 7>, sweep_micro_tile<3, 8>, sweep_micro_tile<3, 9>};
constexpr sweep_function sweeps_of_2[] = {
    sweep_micro_tile<2, 1>, sweep_micro_tile<2, 2>, sweep_micro_tile<2, 3>, sweep_micro_tile<2, 4>,
    sweep_micro_tile<2, 5>, sweep_micro_tile<2, 6>, sweep_micro_tile<2, 7>, sweep_micro_tile<2, 8>,
    sweep_micro_tile<2, 9>, sweep_micro_tile<2, 10>};
constexpr sweep_function sweeps_of_1[] = {
    sweep_micro_tile<1, 1>, sweep_micro_tile<1, 2>, sweep_micro_tile<1, 3>, sweep_micro_tile<1, 4>,
    sweep_micro_tile<1, 5>, sweep_micro_tile<1, 6>, sweep_micro_tile<1, 7>, sweep_micro_tile<1, 8>,
    sweep_micro_tile<1, 9>, sweep_micro_tile<1, 10>};

const sweep_function* sweeps_of(int32_t unit) {
  switch (unit) {
    case 7: return sweeps_of_7;
    case 4: return sweeps_of_4;
    case 3: return sweeps_of_3;
    case 2: return sweeps_of_2;
    default: return sweeps_of_1;
  }
}
#else
constexpr sweep_function sweeps_of_1[] = {sweep_micro_tile<1, 1>, sweep_micro_tile<1, 2>,
                                          sweep_micro_tile<1, 3>, sweep_micro_tile<1, 4>,
                                          sweep_micro_tile<1, 5>, sweep_micro_tile<1, 6>};

const sweep_function* sweeps_of(int32_t) {
  return sweeps_of_1;
}
#endif

tile_place place_of(const vector_problem& p, int64_t tile) {
  const vector_plan& plan = *p.plan;
  const vector_geometry& g = *p.geometry;
  const int64_t per_image = g.tiles_h * g.tiles_w;
  const int64_t image = tile / per_image * g.images;
  const int64_t row = tile % per_image / g.tiles_w * plan.tile_rows;
  const int64_t column = tile % g.tiles_w * plan.tile_cols;
  return {image,  HWY_MIN(g.images, p.shape->n - image),
          row,    HWY_MIN(plan.tile_rows, plan.out_h - row),
          column, HWY_MIN(plan.tile_cols, plan.out_w - column)};
}

// Lists the units of a tile; returns their number.
int64_t list_units(const vector_problem& p, const tile_place& place, vector_unit* units) {
  const vector_plan& plan = *p.plan;
  int64_t count = 0;
  for (int64_t i = 0; i < place.images; ++i)
    for (int64_t y = 0; y < place.rows; ++y) {
      const int64_t plane = i * p.shape->k * plan.out_h;
      const int64_t output = (plane + place.row + y) * plan.out_w + place.column;
      const int64_t slab = i * p.geometry->image_floats + y * plan.pitch;
      for (int64_t x = 0; x < place.columns; x += plan.micro.unit) {
        const int64_t pixels = HWY_MIN(int64_t{plan.micro.unit}, place.columns - x);
        units[count++] = {output + x, static_cast<int32_t>(slab + x), static_cast<int32_t>(pixels)};
      }
    }
  return count;
}

}  // namespace

void run_vector_tile(const vector_problem& p, const vector_tile& tile, void* scratch) {
  const esp_conv2d_shape& s = *p.shape;
  const vector_plan& plan = *p.plan;
  const vector_geometry& g = *p.geometry;
  const tile_place place = place_of(p, tile.tile);
  float* const slab = static_cast<float*>(scratch);
  float* const sums = slab + g.slab_floats;
  float* const channels = sums + vector_most_pixels * vector_outputs;
  auto* const units =
      reinterpret_cast<vector_unit*>(channels + vector_most_pixels * vector_outputs);
  const int64_t count = list_units(p, place, units);
  auto* const spreads = reinterpret_cast<vector_spread*>(units + g.units);
  copy_tile(p, place, tile.group, spreads, slab);

  const sweep_function* const sweeps = sweeps_of(plan.micro.unit);
  const int64_t area = plan.out_h * plan.out_w, blocks = vector_group_blocks(s);
  const int64_t micro_tiles = (count + plan.micro.most_units - 1) / plan.micro.most_units;
  sweep_arguments sweep{};
  sweep.slab = slab;
  sweep.prefetch = p.prefetch;
  sweep.sums = sums;
  for (int64_t b = tile.block_begin; b < tile.block_end; ++b) {
    const int64_t block = tile.group * blocks + b;
    const block_target target = {vector_first_output(s, block), vector_live_outputs(s, block),
                                 (place.image * s.k + vector_first_output(s, block)) * area, area};
    sweep.offsets = p.offsets + p.starts[block];
    sweep.weights = p.weights + p.starts[block] * vector_outputs;
    sweep.count = p.starts[block + 1] - p.starts[block];
    for (int64_t m = 0; m < micro_tiles; ++m) {
      const int64_t begin = count * m / micro_tiles, end = count * (m + 1) / micro_tiles;
      for (int64_t u = begin; u < end; ++u) sweep.units[u - begin] = units[u].slab;
      const pixel_runs runs = merge_units(units + begin, end - begin, plan.micro.unit);
      prefetch_outputs(p, runs, target);
      sweeps[end - begin - 1](sweep);
      transpose_sums(sums, (end - begin) * plan.micro.unit, channels);
      store_block(p, runs, target, channels);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
