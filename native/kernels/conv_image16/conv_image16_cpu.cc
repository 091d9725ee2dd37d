#include "kernels/conv_image16/conv_image16_cpu.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/status.h"
#include "kernels/conv_image16/tuning.h"

namespace espalier {
namespace {

constexpr uint64_t packed_magic = 0x31763631474d4945;  // "EIMG16v1"
constexpr int64_t most_tile_pixels = 16;

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

esp_conv2d_image16_layout for_any_batch(esp_conv2d_image16_layout layout) {
  layout.shape.n = 0;
  return layout;
}

// Results of a group per chunk: all that one thread's accumulators hold.
int64_t most_chunk_results(const image16_problem& p) {
  return std::min(p.group_results, image16_accumulator_bytes / (most_tile_pixels * image16_line));
}

// Estimated cycles of one phase of one block; only ratios matter.
double cost_of(const image16_problem& p, const esp_conv2d_shape& s, const image16_phase& phase,
               int64_t rows, int64_t columns, int64_t slab_lists, const packed_image16& packed) {
  const double slabs = static_cast<double>(ceil_div(packed.lists, slab_lists));
  const double results = static_cast<double>(p.group_results * p.groups);
  const double nonzeros = static_cast<double>(packed.nonzeros) / static_cast<double>(p.phases);
  const double reach_h = static_cast<double>((s.r - 1) * s.dilation_h) /
                         static_cast<double>(p.result_step_h),
               reach_w = static_cast<double>((s.s - 1) * s.dilation_w) /
                         static_cast<double>(p.result_step_w);
  // Pages per row of source lines: narrow maps have several rows to a page.
  const double pages = std::min(1.0, static_cast<double>(p.from.row) / 64.0);
  double cycles = 0;
  // Whole tiles, and those that the edges cut.
  const int64_t edge_rows = phase.rows % rows, edge_columns = phase.columns % columns;
  const struct {
    int64_t count, extent;
  } tall[] = {{phase.rows / rows, rows}, {edge_rows != 0, edge_rows}},
    wide[] = {{phase.columns / columns, columns}, {edge_columns != 0, edge_columns}};
  for (const auto& h : tall)
    for (const auto& w : wide) {
      if (h.count * w.count == 0) continue;
      const double pixels = static_cast<double>(h.extent * w.extent);
      const double lines_h = static_cast<double>((h.extent - 1) * p.source_step_h + 1) + reach_h,
                   lines_w = static_cast<double>((w.extent - 1) * p.source_step_w + 1) + reach_w;
      const double slab_bytes = lines_h * lines_w * static_cast<double>(image16_line) *
                                static_cast<double>(slab_lists * packed.list_channels);
      const double missed = std::max(0.0, 1.0 - image16_first_level_bytes / slab_bytes);
      // Fewer than six accumulators wait for the multiply-adds.
      const double loads = std::max(pixels, 6.0) * (1.0 + image16_second_level_penalty * missed) +
                           image16_weight_loads;
      const double bring = lines_h * (lines_w * image16_line_cycles + pages * image16_row_cycles);
      const double tile = nonzeros * 0.5 * loads +
                          results * slabs * (image16_reload_cycles * pixels + image16_list_cycles) +
                          static_cast<double>(p.source.c) * bring;
      cycles += static_cast<double>(h.count * w.count) * tile;
    }
  return cycles;
}

image16_tiling choose_tiling(const image16_problem& p, const esp_conv2d_shape& s,
                             const image16_phase& phase, const packed_image16& packed,
                             const image16_kernels& kernels) {
  image16_tiling best{1, 1, packed.lists, 1};
  double best_cost = std::numeric_limits<double>::infinity();
  for (int64_t rows = 1; rows <= std::min(most_tile_pixels, phase.rows); ++rows)
    for (int64_t columns = 1; columns <= std::min(most_tile_pixels / rows, phase.columns);
         ++columns) {
      if (!kernels.takes(rows, columns)) continue;
      const int64_t lines =
          ((rows - 1) * p.source_step_h + (s.r - 1) * s.dilation_h / p.result_step_h + 1) *
          ((columns - 1) * p.source_step_w + (s.s - 1) * s.dilation_w / p.result_step_w + 1);
      for (const int64_t bytes : image16_slab_bytes) {
        int64_t slab_lists = std::clamp<int64_t>(
            bytes / (lines * image16_line * packed.list_channels), 1, packed.lists);
        const int64_t slabs = ceil_div(packed.lists, slab_lists);
        slab_lists = ceil_div(packed.lists, slabs);
        const double cost = cost_of(p, s, phase, rows, columns, slab_lists, packed);
        if (cost >= best_cost) continue;
        best_cost = cost;
        best = {static_cast<int32_t>(rows), static_cast<int32_t>(columns), slab_lists,
                ceil_div(packed.lists, slab_lists)};
      }
    }
  return best;
}

// The halo of one plane of a result.
void clear_halo(const image16_problem& p, float* plane) {
  const esp_image16& e = p.result;
  const image16_strides& at = p.to;
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

// Phases are few: most convolutions have one.
constexpr int64_t most_phases = 64;

// Sets what follows from the layout: the problem, the least taps, and per phase the tiling, for
// which there is room at `tilings`. Returns the tiles of a block.
int64_t plan_run(const esp_conv2d_image16_layout& layout, const packed_image16* packed,
                 const image16_kernels& kernels, image16_tiling* tilings, image16_run* out) {
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
    tilings[i] = choose_tiling(run.problem, s, phase, *run.packed, kernels);
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
  return threads * most_chunk_results(make_image16_problem(layout)) * most_tile_pixels *
         image16_line;
}

int32_t pack_conv2d_image16_cpu(const conv2d_image16_pack_call& call) {
  const esp_conv2d_image16_layout& layout = *call.layout;
  const esp_conv2d_shape& s = layout.shape;
  const image16_problem p = make_image16_problem(layout);
  packed_image16* const head = static_cast<packed_image16*>(call.packed);
  std::memset(head, 0, sizeof(*head));
  head->nonzeros = call.nonzeros;
  head->layout = for_any_batch(layout);
  head->list_channels =
      std::max(image16_list_channels, ceil_div(p.group_sources, image16_most_lists));
  head->lists = ceil_div(p.group_sources, head->list_channels);
  auto* const starts = const_cast<int32_t*>(head->starts(p, 0, 0));
  auto* const entries = const_cast<image16_entry*>(head->entries(p));
  const int64_t rows = p.phases * (head->lists + 1), taps = s.r * s.s;
  std::memset(starts, 0, static_cast<size_t>(rows * p.result.c) * sizeof(int32_t));

  // body(start, offset, index) for the kept weights of one result channel: by source channel, then
  // tap.
  const bool forward = layout.direction == ESP_DIRECTION_FORWARD;
  const auto for_each_kept = [&](int64_t result, auto&& body) {
    const int64_t group = result / p.group_results, within = result % p.group_results;
    for (int64_t c = 0; c < p.group_sources; ++c) {
      const int64_t filter = forward ? result * p.group_sources + c
                                     : (group * p.group_sources + c) * p.group_results + within;
      for (int64_t t = 0; t < taps; ++t) {
        const int64_t index = filter * taps + t;
        if (!conv_keeps(call.bits, index)) continue;
        const image16_tap tap = image16_tap_of(layout, t / s.s, t % s.s);
        const int64_t list = tap.phase * (head->lists + 1) + c / head->list_channels;
        body(list, c * p.from.plane + tap.row * p.from.row + tap.column, index);
      }
    }
  };
  // starts[list + 1] counts its list, then holds the end of it.
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t result = 0; result < p.result.c; ++result)
    for_each_kept(result, [&](int64_t list, int64_t, int64_t) {
      ++starts[(list + 1) * p.result.c + result];
    });
  int64_t kept = 0;
  for (int64_t phase = 0; phase < p.phases; ++phase)
    for (int64_t result = 0; result < p.result.c; ++result)
      for (int64_t list = 0; list <= head->lists; ++list) {
        int32_t& start = starts[(phase * (head->lists + 1) + list) * p.result.c + result];
        kept += start;
        start = static_cast<int32_t>(kept);
      }
  ESP_REQUIRE(
      kept == call.nonzeros,
      "esp_conv2d_image16_pack: nonzeros: expected the number of ones in bits, %lld, got %lld",
      static_cast<long long>(kept), static_cast<long long>(call.nonzeros));
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t result = 0; result < p.result.c; ++result) {
    int64_t next[most_phases];
    for (int64_t phase = 0; phase < p.phases; ++phase)
      next[phase] = starts[phase * (head->lists + 1) * p.result.c + result];
    for_each_kept(result, [&](int64_t list, int64_t lines, int64_t index) {
      entries[next[list / (head->lists + 1)]++] = {static_cast<int32_t>(lines * image16_line),
                                                   call.weight[index]};
    });
  }
  head->magic = packed_magic;
  return ESP_OK;
}

int32_t check_packed_image16(const char* function, const esp_conv2d_image16_layout& layout,
                             const packed_image16& packed, int64_t nonzeros) {
  const esp_conv2d_image16_layout packed_for = for_any_batch(layout);
  const esp_conv2d_image16_layout& had = packed.layout;
  ESP_REQUIRE(packed.magic == packed_magic && packed.nonzeros == nonzeros &&
                  std::memcmp(&had.shape, &packed_for.shape, sizeof(had.shape)) == 0 &&
                  had.source_halo_h == packed_for.source_halo_h &&
                  had.source_halo_w == packed_for.source_halo_w &&
                  had.result_halo_h == packed_for.result_halo_h &&
                  had.result_halo_w == packed_for.result_halo_w &&
                  had.direction == packed_for.direction,
              "%s: packed: expected weights packed for this layout and nonzeros, got others; call "
              "esp_conv2d_image16_pack with the same arguments",
              function);
  return ESP_OK;
}

int32_t run_conv2d_image16_cpu(const conv2d_image16_call& call, const image16_kernels& kernels) {
  image16_run run{};
  image16_tiling tilings[most_phases];
  const int64_t tiles = plan_run(*call.layout, call.packed, kernels, tilings, &run);
  const image16_problem& p = run.problem;
  run.source = call.source;
  run.result = call.result;
  run.epilogue = *call.epilogue;
  const int64_t blocks = image16_blocks(p.source.n);

  // A tile's source lines serve all results of a chunk, so chunks are only as small as the threads
  // demand.
  const int64_t wanted =
      ceil_div(int64_t{call.threads}, std::max<int64_t>(tiles * blocks * p.groups, 1));
  const int64_t chunk =
      std::min(most_chunk_results(p), std::max<int64_t>(1, ceil_div(p.group_results, wanted)));
  const int64_t chunks = ceil_div(p.group_results, chunk), per_block = tiles * p.groups * chunks;
  const int64_t scratch_floats = most_chunk_results(p) * most_tile_pixels * line_floats;
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
      clear_halo(p, call.result + plane * p.to.plane * line_floats);
  }
  return ESP_OK;
}

int32_t run_weight_gradient_cpu(const conv2d_image16_weight_gradient_call& call,
                                const image16_kernels& kernels) {
  const esp_conv2d_shape& s = call.layout->shape;
  image16_run run{};
  image16_tiling tiling;
  const int64_t tiles = plan_run(*call.layout, call.packed, kernels, &tiling, &run);
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
    std::memset(sums + begins[first], 0,
                static_cast<size_t>(ends[last - 1] - begins[first]) * sizeof(float));
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
  const int64_t planes = image16_blocks(e.n) * e.c;
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t plane = 0; plane < planes; ++plane)
    kernels.pack_block(e, plane / e.c, plane % e.c, call.nchw, call.image16);
  return ESP_OK;
}

int32_t unpack_image16_cpu(const image16_unpack_call& call, const image16_kernels& kernels) {
  const esp_image16& e = *call.extents;
  const int64_t planes = image16_blocks(e.n) * e.c;
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t plane = 0; plane < planes; ++plane)
    kernels.unpack_block(e, plane / e.c, plane % e.c, call.image16, call.nchw);
  return ESP_OK;
}

}  // namespace espalier
