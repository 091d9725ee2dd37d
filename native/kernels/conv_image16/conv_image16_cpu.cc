#include "kernels/conv_image16/conv_image16_cpu.h"

#include <omp.h>

#include <algorithm>
#include <cstring>

#include "base/status.h"
#include "kernels/conv_image16/tuning.h"

namespace espalier {
namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// One thread's accumulators.
int64_t accumulator_bytes(const image16_problem& p) {
  return std::min(p.group_results * image16_most_tile_pixels * image16_line,
                  image16_accumulator_bytes);
}

// Results of a group per chunk: all whose accumulators are held, unless the threads want more
// chunks.
int64_t chunk_results(const image16_run& run, int64_t wanted_chunks) {
  const image16_problem& p = run.problem;
  int64_t pixels = 1;
  for (int64_t i = 0; i < p.phases; ++i)
    pixels = std::max(pixels, int64_t{run.tilings[i].rows} * run.tilings[i].columns);
  const int64_t held = accumulator_bytes(p) / (pixels * image16_line);
  const int64_t chunks = std::max(ceil_div(p.group_results, held), wanted_chunks);
  return ceil_div(p.group_results, std::min(chunks, p.group_results));
}

// The halo of one plane.
void clear_halo(const esp_image16& e, float* plane) {
  const image16_strides at = image16_strides_of(e);
  char* const lines = reinterpret_cast<char*>(plane);
  const auto clear = [&](int64_t from, int64_t to) {
    std::memset(lines + from * image16_line, 0, static_cast<size_t>((to - from) * image16_line));
  };
  clear(0, e.halo_h * at.row);
  for (int64_t y = 0; e.halo_w != 0 && y < e.h; ++y) {
    const int64_t row = (e.halo_h + y) * at.row;
    clear(row, row + e.halo_w);
    clear(row + e.halo_w + e.w, row + at.row);
  }
  clear((e.halo_h + e.h) * at.row, (2 * e.halo_h + e.h) * at.row);
}

// to[i] = the next of `kept` where bit i is 1, 0 elsewhere, begin <= i < end.
void spread(const uint32_t* bits, int64_t begin, int64_t end, const float* kept, float* to) {
  if (bits == nullptr) {
    std::memcpy(to + begin, kept, static_cast<size_t>(end - begin) * sizeof(float));
    return;
  }
  std::memset(to + begin, 0, static_cast<size_t>(end - begin) * sizeof(float));
  for (int64_t word = begin / 32; word * 32 < end; ++word) {
    uint32_t left = bits[word];
    if (word * 32 < begin) left &= ~0u << (begin % 32);
    if (end < word * 32 + 32) left &= ~(~0u << (end % 32));
    for (; left != 0; left &= left - 1) to[word * 32 + __builtin_ctz(left)] = *kept++;
  }
}

constexpr int64_t line_floats = image16_line / 4;

// The tiles of one phase.
struct tile_grid {
  int64_t rows, columns;
};
tile_grid grid_of(const image16_phase& phase, const image16_tiling& tiling) {
  return {ceil_div(phase.rows, tiling.rows), ceil_div(phase.columns, tiling.columns)};
}

// Sets what follows from the layout: the problem, the least taps, and per phase the tiling, for
// which there is room at `tilings`. Returns the tiles of a block.
int64_t plan_run(const esp_conv2d_image16_layout& layout, const packed_image16* packed,
                 image16_pass pass, const image16_kernels& kernels, image16_tiling* tilings,
                 image16_run* out) {
  image16_run& run = *out;
  const esp_conv2d_shape& s = layout.shape;
  run.problem = make_image16_problem(layout);
  run.packed = packed;
  run.entries = packed->entries(run.problem);
  run.tilings = tilings;
  for (const int64_t r : {int64_t{0}, s.r - 1})
    for (const int64_t q : {int64_t{0}, s.s - 1}) {
      const image16_tap tap = image16_tap_of(layout, r, q);
      run.first_row = std::min(run.first_row, tap.row);
      run.first_column = std::min(run.first_column, tap.column);
    }
  int64_t tiles = 0;
  for (int64_t i = 0; i < run.problem.phases; ++i) {
    const image16_phase phase = run.problem.phase(i);
    tilings[i] = choose_image16_tiling(run.problem, s, phase, *run.packed, pass, kernels);
    const tile_grid grid = grid_of(phase, tilings[i]);
    tiles += grid.rows * grid.columns;
  }
  return tiles;
}

image16_tile tile_of(const image16_run& run, int64_t index) {
  image16_tile tile{};
  for (tile.phase = 0;; ++tile.phase) {
    const image16_tiling& tiling = run.tilings[tile.phase];
    const tile_grid grid = grid_of(run.problem.phase(tile.phase), tiling);
    if (index < grid.rows * grid.columns) {
      tile.row = index / grid.columns * tiling.rows;
      tile.column = index % grid.columns * tiling.columns;
      return tile;
    }
    index -= grid.rows * grid.columns;
  }
}

}  // namespace

int64_t conv2d_image16_cpu_workspace_bytes(const esp_conv2d_image16_layout& layout,
                                           int32_t threads) {
  return threads * accumulator_bytes(make_image16_problem(layout));
}

int32_t run_conv2d_image16_cpu(const conv2d_image16_call& call, const image16_kernels& kernels) {
  image16_run run{};
  image16_tiling tilings[image16_most_phases];
  const int64_t tiles =
      plan_run(*call.layout, call.packed, image16_pass::sweep, kernels, tilings, &run);
  const image16_problem& p = run.problem;
  run.source = call.source;
  run.result = call.result;
  run.epilogue = *call.epilogue;
  const int64_t blocks = image16_blocks(p.source.n);

  // A tile's source lines serve all results of a chunk, so chunks are only as small as the threads
  // demand.
  const int64_t wanted =
      ceil_div(int64_t{call.threads}, std::max<int64_t>(tiles * blocks * p.groups, 1));
  const int64_t chunk = chunk_results(run, wanted);
  const int64_t chunks = ceil_div(p.group_results, chunk), per_block = tiles * p.groups * chunks;
  const int64_t scratch_floats = accumulator_bytes(p) / 4;
  float* const scratch = static_cast<float*>(call.workspace);
#pragma omp parallel num_threads(call.threads)
  {
    float* const own = scratch + scratch_floats * omp_get_thread_num();
#pragma omp for schedule(dynamic) nowait
    for (int64_t item = 0; item < blocks * per_block; ++item) {
      image16_tile tile = tile_of(run, item % per_block / (p.groups * chunks));
      tile.block = item / per_block;
      tile.group = item / chunks % p.groups;
      tile.result_begin = item % chunks * chunk;
      tile.result_end = std::min(tile.result_begin + chunk, p.group_results);
      kernels.tile(run, tile, own);
    }
#pragma omp for schedule(static)
    for (int64_t plane = 0; plane < blocks * p.result.c; ++plane)
      clear_halo(p.result, call.result + plane * p.to.plane * line_floats);
  }
  return ESP_OK;
}

int32_t run_weight_gradient_cpu(const conv2d_image16_weight_gradient_call& call,
                                const image16_kernels& kernels) {
  const esp_conv2d_shape& s = call.layout->shape;
  image16_run run{};
  image16_tiling tiling;
  const int64_t tiles =
      plan_run(*call.layout, call.packed, image16_pass::weight_gradient, kernels, &tiling, &run);
  const image16_problem& p = run.problem;
  run.source = call.input;
  run.result = const_cast<float*>(call.output_gradient);
  const int64_t blocks = image16_blocks(p.source.n);
  const int64_t per_filter = conv_weight_count(s) / s.k;
  float* const sums = static_cast<float*>(call.workspace);
  const int32_t* const begins = call.packed->starts(p, 0, 0);
  const int32_t* const ends = call.packed->starts(p, 0, call.packed->lists);

  // Threads share the filters, so that no sum has two owners.
  const int64_t chunk = std::max<int64_t>(1, ceil_div(p.group_results, int64_t{call.threads}));
  const int64_t chunks = ceil_div(p.group_results, chunk);
#pragma omp parallel for num_threads(call.threads) schedule(static, 1)
  for (int64_t item = 0; item < p.groups * chunks; ++item) {
    image16_tile tile{};
    const int64_t group = item / chunks, begin = item % chunks * chunk,
                  end = std::min(begin + chunk, p.group_results);
    const int64_t first = group * p.group_results + begin, last = group * p.group_results + end;
    std::fill(sums + begins[first], sums + ends[last - 1], 0.0f);
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t i = 0; i < tiles; ++i) {
        tile = tile_of(run, i);
        tile.block = block;
        tile.group = group;
        tile.result_begin = begin;
        tile.result_end = end;
        kernels.gradient_tile(run, tile, sums);
      }
    spread(call.bits, first * per_filter, last * per_filter, sums + begins[first],
           call.weight_gradient);
  }
  return ESP_OK;
}

int32_t pack_image16_cpu(const image16_pack_call& call, const image16_kernels& kernels) {
  const esp_image16& e = *call.extents;
  const int64_t blocks = image16_blocks(e.n), parts = call.channels_last ? e.h : e.c;
#pragma omp parallel num_threads(call.threads)
  {
#pragma omp for schedule(static) nowait
    for (int64_t item = 0; item < blocks * parts; ++item)
      kernels.pack_part(e, call.channels_last, item / parts, item % parts, call.images,
                        call.image16);
#pragma omp for schedule(static)
    for (int64_t plane = 0; plane < blocks * e.c; ++plane)
      clear_halo(e, call.image16 + plane * image16_strides_of(e).plane * line_floats);
  }
  return ESP_OK;
}

int32_t unpack_image16_cpu(const image16_unpack_call& call, const image16_kernels& kernels) {
  const esp_image16& e = *call.extents;
  const int64_t blocks = image16_blocks(e.n), parts = call.channels_last ? e.h : e.c;
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t item = 0; item < blocks * parts; ++item)
    kernels.unpack_part(e, call.channels_last, item / parts, item % parts, call.image16,
                        call.images);
  return ESP_OK;
}

}  // namespace espalier
