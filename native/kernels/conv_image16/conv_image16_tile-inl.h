// One tile of the convolution and of its weight gradient, compiled once per instruction set. See
// conv_image16_layout.h for the layout.
//
// Included by cpu_avx2.cc and cpu_avx512.cc only; everything lives in HWY_NAMESPACE so that no
// function of one instruction set can be linked into the path of another.

#include <utility>

#include "kernels/conv_image16/conv_image16_convert-inl.h"
#include "kernels/conv_image16/conv_image16_gradient-inl.h"
#include "kernels/conv_image16/conv_image16_sweep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
// ---- the kernels by extent: 1 to most_rows rows, as many columns as the accumulators allow.

using sweep_function = void (*)(const sweep_arguments&);
using gradient_function = void (*)(const gradient_arguments&);

constexpr bool fits(int rows, int columns) {
  return rows * columns * parts <= most_accumulators;
}

template <int kRows, int kColumns, int kStep>
constexpr sweep_function sweep_of() {
  if constexpr (fits(kRows, kColumns)) return sweep<kRows, kColumns, kStep>;
  return nullptr;
}
template <int kRows, int kColumns, int kStep>
constexpr gradient_function gradient_of() {
  if constexpr (fits(kRows, kColumns)) return gradient_sweep<kRows, kColumns, kStep>;
  return nullptr;
}

struct extent_kernels {
  sweep_function sweeps[3];  // by step: any, 1, 2
  gradient_function gradients[3];
};

struct kernel_table {
  extent_kernels of[most_rows][most_columns];
};

template <int... kIndex>
constexpr kernel_table make_table(std::integer_sequence<int, kIndex...>) {
  return {{extent_kernels{
      {sweep_of<kIndex / most_columns + 1, kIndex % most_columns + 1, 0>(),
       sweep_of<kIndex / most_columns + 1, kIndex % most_columns + 1, 1>(),
       sweep_of<kIndex / most_columns + 1, kIndex % most_columns + 1, 2>()},
      {gradient_of<kIndex / most_columns + 1, kIndex % most_columns + 1, 0>(),
       gradient_of<kIndex / most_columns + 1, kIndex % most_columns + 1, 1>(),
       gradient_of<kIndex / most_columns + 1, kIndex % most_columns + 1, 2>()}}...}};
}

constexpr kernel_table table =
    make_table(std::make_integer_sequence<int, most_rows * most_columns>());

bool takes(int64_t rows, int64_t columns) {
  return rows <= most_rows && columns <= most_columns &&
         fits(static_cast<int>(rows), static_cast<int>(columns));
}

// Where a tile lies: its extent, and its first pixel in both tensors.
struct tile_place {
  int64_t rows, columns;
  const char* source;    // the group's first source channel
  int64_t result_bytes;  // from the result's begin, first channel of the tile
};

tile_place place_of(const image16_run& run, const image16_tile& tile) {
  const image16_problem& p = run.problem;
  const image16_phase phase = p.phase(tile.phase);
  const image16_tiling& tiling = run.tilings[tile.phase];
  const int64_t source_plane = tile.block * p.source.c + tile.group * p.group_sources,
                result_plane =
                    tile.block * p.result.c + tile.group * p.group_results + tile.result_begin;
  const int64_t source_line = source_plane * p.from.plane + p.from.origin +
                              tile.row * p.source_step_h * p.from.row +
                              tile.column * p.source_step_w;
  const int64_t result_line = result_plane * p.to.plane + p.to.origin +
                              (phase.row + tile.row * p.result_step_h) * p.to.row + phase.column +
                              tile.column * p.result_step_w;
  return {HWY_MIN(int64_t{tiling.rows}, phase.rows - tile.row),
          HWY_MIN(int64_t{tiling.columns}, phase.columns - tile.column),
          reinterpret_cast<const char*>(run.source) + source_line * image16_line,
          result_line * image16_line};
}

// What slab `slab` of a tile reads, or after the last slab the first of the tile to its right or
// below.
line_requests requests_of(const image16_run& run, const image16_tile& tile, const tile_place& place,
                          int64_t slab) {
  const image16_problem& p = run.problem;
  const image16_tiling& tiling = run.tilings[tile.phase];
  const image16_phase phase = p.phase(tile.phase);
  const esp_conv2d_shape& s = run.packed->layout.shape;
  const int64_t channels = tiling.slab_lists * run.packed->list_channels;
  int64_t lines = slab * channels * p.from.plane;
  if (slab == tiling.slabs) {
    const bool right = tile.column + place.columns < phase.columns;
    lines = right ? place.columns * p.source_step_w
                  : place.rows * p.source_step_h * p.from.row - tile.column * p.source_step_w;
    slab = 0;
  }
  line_requests next{};
  next.begin = reinterpret_cast<uintptr_t>(place.source) +
               static_cast<uintptr_t>((lines + run.first_row * p.from.row + run.first_column) *
                                      image16_line);
  next.plane_bytes = p.from.plane * image16_line;
  next.row_bytes = p.from.row * image16_line;
  next.rows = (place.rows - 1) * p.source_step_h + (s.r - 1) * s.dilation_h / p.result_step_h + 1;
  next.columns =
      (place.columns - 1) * p.source_step_w + (s.s - 1) * s.dilation_w / p.result_step_w + 1;
  next.segments = HWY_MIN(channels, p.group_sources - slab * channels) * next.rows;
  return next;
}

const extent_kernels& kernels_of(const tile_place& place) {
  return table.of[place.rows - 1][place.columns - 1];
}

int step_index(int64_t step) {
  return step <= 2 ? static_cast<int>(step) : 0;
}

void run_tile(const image16_run& run, const image16_tile& tile, float* accumulators) {
  const image16_problem& p = run.problem;
  const image16_tiling& tiling = run.tilings[tile.phase];
  const tile_place place = place_of(run, tile);
  const int64_t first = tile.group * p.group_results + tile.result_begin;
  sweep_arguments a{};
  a.entries = run.entries;
  a.results = tile.result_end - tile.result_begin;
  a.source = place.source;
  a.row_bytes = p.source_step_h * p.from.row * image16_line;
  a.column_bytes = p.source_step_w * image16_line;
  a.accumulators = accumulators;
  a.result = reinterpret_cast<char*>(run.result) + place.result_bytes;
  a.plane_bytes = p.to.plane * image16_line;
  a.result_row_bytes = p.result_step_h * p.to.row * image16_line;
  a.result_column_bytes = p.result_step_w * image16_line;
  const esp_epilogue& epilogue = run.epilogue;
  if (epilogue.bias != nullptr) a.bias = static_cast<const float*>(epilogue.bias) + first;
  if (epilogue.residual != nullptr)
    a.residual = static_cast<const char*>(epilogue.residual) + place.result_bytes;
  a.activation = epilogue.activation;
  const sweep_function function = kernels_of(place).sweeps[step_index(p.source_step_w)];
  for (int64_t slab = 0; slab < tiling.slabs; ++slab) {
    const int64_t end = HWY_MIN((slab + 1) * tiling.slab_lists, run.packed->lists);
    a.begins = run.packed->starts(p, tile.phase, slab * tiling.slab_lists) + first;
    a.ends = run.packed->starts(p, tile.phase, end) + first;
    a.next = requests_of(run, tile, place, slab + 1);
    a.first = slab == 0;
    a.last = slab + 1 == tiling.slabs;
    function(a);
  }
}

void run_gradient_tile(const image16_run& run, const image16_tile& tile, float* sums) {
  const image16_problem& p = run.problem;
  const image16_tiling& tiling = run.tilings[0];
  const tile_place place = place_of(run, tile);
  const int64_t first = tile.group * p.group_results + tile.result_begin;
  gradient_arguments a{};
  a.entries = run.entries;
  a.results = tile.result_end - tile.result_begin;
  a.source = place.source;
  a.row_bytes = p.source_step_h * p.from.row * image16_line;
  a.column_bytes = p.source_step_w * image16_line;
  a.output_gradient = reinterpret_cast<const char*>(run.result) + place.result_bytes;
  a.plane_bytes = p.to.plane * image16_line;
  a.result_row_bytes = p.to.row * image16_line;
  a.sums = sums;
  const gradient_function function = kernels_of(place).gradients[step_index(p.source_step_w)];
  for (int64_t slab = 0; slab < tiling.slabs; ++slab) {
    const int64_t end = HWY_MIN((slab + 1) * tiling.slab_lists, run.packed->lists);
    a.begins = run.packed->starts(p, 0, slab * tiling.slab_lists) + first;
    a.ends = run.packed->starts(p, 0, end) + first;
    a.next = requests_of(run, tile, place, slab + 1);
    function(a);
  }
}

constexpr image16_kernels kernels = {&takes, &run_tile, &run_gradient_tile, &pack_part,
                                     &unpack_part};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
