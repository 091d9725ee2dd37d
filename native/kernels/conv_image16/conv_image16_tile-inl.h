// One tile of the convolution and of its weight gradient, compiled once per instruction set. See
// conv_image16_layout.h for the layout.
//
// Included by cpu_avx2.cc and cpu_avx512.cc only; everything lives in HWY_NAMESPACE so that no
// function of one instruction set can be linked into the path of another.

#include <hwy/highway.h>

#include <utility>

#include "base/epilogue-inl.h"
#include "kernels/conv_image16/conv_image16_cpu.h"
#include "kernels/conv_image16/tuning.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<float> floats;
constexpr int lanes = hn::MaxLanes(floats);
constexpr int parts = 16 / lanes;  // vectors per line
// Accumulators that stay in registers beside one broadcast weight.
constexpr int most_accumulators = HWY_TARGET <= HWY_AVX3 ? 16 : 12;
constexpr int most_rows = 4, most_columns = 16;

using vec = hn::Vec<decltype(floats)>;

// Lines that a later sweep reads, asked for a little with every result: rows of `columns` lines,
// `rows` to a channel. Addresses need not be inside a tensor.
struct line_requests {
  uintptr_t begin;
  int64_t plane_bytes, row_bytes;
  int64_t rows, columns, segments;  // segments: rows of all channels
};

HWY_INLINE void request_lines(const line_requests& lines, int64_t from, int64_t to) {
  for (int64_t i = from; i < HWY_MIN(to, lines.segments); ++i) {
    const uintptr_t row = lines.begin + static_cast<uintptr_t>(i / lines.rows * lines.plane_bytes +
                                                               i % lines.rows * lines.row_bytes);
    for (int64_t j = 0; j < lines.columns; ++j)
      __builtin_prefetch(reinterpret_cast<const void*>(row + static_cast<uintptr_t>(j) * 64), 0, 2);
  }
}

HWY_INLINE void request_entries(const image16_entry* begin, const image16_entry* end) {
  for (auto at = reinterpret_cast<uintptr_t>(begin); at < reinterpret_cast<uintptr_t>(end);
       at += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(at));
}

struct sweep_arguments {
  line_requests next;
  const int32_t *begins, *ends;  // [results]: first entry of the slab, and one past the last
  const image16_entry* entries;
  int64_t results;
  const char* source;  // what the first pixel's offsets count from
  int64_t row_bytes, column_bytes;
  bool first, last;  // slab
  float* accumulators;
  // The first result's first pixel, from plane to plane, row to row, pixel to pixel.
  char* result;
  int64_t plane_bytes, result_row_bytes, result_column_bytes;
  const float* bias;     // of the first result, or null
  const char* residual;  // as result, or null
  int32_t activation;
};

float* at(char* lines, int64_t bytes) {
  return reinterpret_cast<float*>(lines + bytes);
}
const float* at(const char* lines, int64_t bytes) {
  return reinterpret_cast<const float*>(lines + bytes);
}

template <int kActivation>
HWY_INLINE void activate_lines(float* line, int64_t row_floats, int64_t column_floats, int rows,
                               int columns) {
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      for (int v = 0; v < parts; ++v) {
        float* const x = line + i * row_floats + j * column_floats + v * lanes;
        hn::Store(activate<kActivation>(floats, hn::Load(floats, x)), floats, x);
      }
}

// Activations that are more than a maximum, over lines just stored.
HWY_NOINLINE void activate_tile(int32_t activation, float* line, int64_t row_floats,
                                int64_t column_floats, int rows, int columns) {
  switch (activation) {
    case ESP_ACTIVATION_RELU6:
      return activate_lines<ESP_ACTIVATION_RELU6>(line, row_floats, column_floats, rows, columns);
    case ESP_ACTIVATION_SILU:
      return activate_lines<ESP_ACTIVATION_SILU>(line, row_floats, column_floats, rows, columns);
    default:
      return activate_lines<ESP_ACTIVATION_HARD_SWISH>(line, row_floats, column_floats, rows,
                                                       columns);
  }
}

// Adds the kept weights of all results over one slab. `copies` sets of accumulators hide the
// latency of the multiply-add when there are few. kStep: the source's columns per result column, 0
// if only known at run time.
template <int kRows, int kColumns, int kStep>
void sweep(const sweep_arguments& a) {
  constexpr int count = kRows * kColumns * parts;
  constexpr int copies = count >= 7 ? 1 : count >= 4 ? 2 : 4;
  const int64_t step = kStep == 0 ? a.column_bytes : kStep * image16_line;
  const vec least = hn::Set(floats, a.activation == ESP_ACTIVATION_RELU ? 0.0f : -__builtin_inff());
  float* HWY_RESTRICT accumulators = a.accumulators;
  const int64_t segments = (a.next.segments + a.results - 1) / a.results;
  for (int64_t k = 0; k < a.results; ++k, accumulators += count * lanes) {
    const int64_t later = HWY_MIN(k + image16_results_ahead, a.results - 1);
    request_entries(a.entries + a.begins[later], a.entries + a.ends[later]);
    request_lines(a.next, k * segments, (k + 1) * segments);
    if (a.last) {
      const char* row = a.result + later * a.plane_bytes;
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 16
        for (int j = 0; j < kColumns; ++j) __builtin_prefetch(row + j * a.result_column_bytes, 1);
    }
    vec sum[copies][count];
    if (a.first) {
      const vec start = hn::Set(floats, a.bias != nullptr ? a.bias[k] : 0.0f);
#pragma GCC unroll 16
      for (int t = 0; t < count; ++t) sum[0][t] = start;
      if (a.residual != nullptr) {
        const char* row = a.residual + k * a.plane_bytes;
#pragma GCC unroll 4
        for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 16
          for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 2
            for (int v = 0; v < parts; ++v) {
              vec& s = sum[0][(i * kColumns + j) * parts + v];
              s = hn::Add(s, hn::Load(floats, at(row, j * a.result_column_bytes) + v * lanes));
            }
      }
    } else {
#pragma GCC unroll 16
      for (int t = 0; t < count; ++t) sum[0][t] = hn::Load(floats, accumulators + t * lanes);
    }
#pragma GCC unroll 4
    for (int u = 1; u < copies; ++u)
#pragma GCC unroll 16
      for (int t = 0; t < count; ++t) sum[u][t] = hn::Zero(floats);

    const auto add = [&](const image16_entry& entry, vec* into) HWY_ATTR {
      const vec value = hn::Set(floats, entry.value);
      const char* row = a.source + entry.offset;
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i, row += a.row_bytes)
#pragma GCC unroll 16
        for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 2
          for (int v = 0; v < parts; ++v) {
            vec& s = into[(i * kColumns + j) * parts + v];
            s = hn::MulAdd(value, hn::Load(floats, at(row, j * step) + v * lanes), s);
          }
    };
    const image16_entry* e = a.entries + a.begins[k];
    const image16_entry* const end = a.entries + a.ends[k];
    for (; e + copies <= end; e += copies) {
#pragma GCC unroll 4
      for (int u = 0; u < copies; ++u) add(e[u], sum[u]);
    }
    for (; e < end; ++e) add(*e, sum[0]);
#pragma GCC unroll 4
    for (int u = 1; u < copies; ++u)
#pragma GCC unroll 16
      for (int t = 0; t < count; ++t) sum[0][t] = hn::Add(sum[0][t], sum[u][t]);

    if (!a.last) {
#pragma GCC unroll 16
      for (int t = 0; t < count; ++t) hn::Store(sum[0][t], floats, accumulators + t * lanes);
      continue;
    }
    char* const result = a.result + k * a.plane_bytes;
    char* row = result;
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 16
      for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 2
        for (int v = 0; v < parts; ++v)
          // Max returns its second operand when one is not a number.
          hn::Store(hn::Max(least, sum[0][(i * kColumns + j) * parts + v]), floats,
                    at(row, j * a.result_column_bytes) + v * lanes);
    if (a.activation > ESP_ACTIVATION_RELU)
      activate_tile(a.activation, at(result, 0), a.result_row_bytes / 4, a.result_column_bytes / 4,
                    kRows, kColumns);
  }
}

struct gradient_arguments {
  line_requests next;
  const int32_t *begins, *ends;
  const image16_entry* entries;
  int64_t results;
  const char* source;
  int64_t row_bytes, column_bytes;
  const char* output_gradient;  // the first result's first pixel
  int64_t plane_bytes, result_row_bytes;
  float* sums;  // [entries]
};

// The sums of `lanes` vectors, one per lane: each step halves the values that belong to a vector.
HWY_INLINE vec sum_each(const vec* v) {
  vec quads[lanes / 4];  // per 128-bit block: its part of the sums of four vectors
#pragma GCC unroll 4
  for (int i = 0; i < lanes / 4; ++i, v += 4) {
    const vec ab =
        hn::Add(hn::InterleaveLower(floats, v[0], v[1]), hn::InterleaveUpper(floats, v[0], v[1]));
    const vec cd =
        hn::Add(hn::InterleaveLower(floats, v[2], v[3]), hn::InterleaveUpper(floats, v[2], v[3]));
    const hn::Repartition<double, decltype(floats)> pairs;
    const auto x = hn::BitCast(pairs, ab), y = hn::BitCast(pairs, cd);
    quads[i] = hn::Add(hn::BitCast(floats, hn::InterleaveLower(pairs, x, y)),
                       hn::BitCast(floats, hn::InterleaveUpper(pairs, x, y)));
  }
  const auto halves = [](vec a, vec b) HWY_ATTR {
    return hn::Add(hn::ConcatLowerLower(floats, b, a), hn::ConcatUpperUpper(floats, b, a));
  };
#if HWY_TARGET <= HWY_AVX3
  const vec ab = halves(quads[0], quads[1]), cd = halves(quads[2], quads[3]);
  // Every sum in two neighbouring blocks.
  const vec twice_ab = hn::Add(ab, hn::SwapAdjacentBlocks(ab)),
            twice_cd = hn::Add(cd, hn::SwapAdjacentBlocks(cd));
  return hn::OddEvenBlocks(hn::ConcatUpperUpper(floats, twice_cd, twice_ab),
                           hn::ConcatLowerLower(floats, twice_cd, twice_ab));
#else
  return halves(quads[0], quads[1]);
#endif
}

// For every kept weight of the slab, the products of its pixels with the output's gradient, which
// stays in registers.
template <int kRows, int kColumns, int kStep>
void gradient_sweep(const gradient_arguments& a) {
  constexpr int count = kRows * kColumns * parts;
  constexpr int chains = count >= 4 ? 4 : count;
  const int64_t step = kStep == 0 ? a.column_bytes : kStep * image16_line;
  const int64_t segments = (a.next.segments + a.results - 1) / a.results;
  for (int64_t k = 0; k < a.results; ++k) {
    const int64_t later = HWY_MIN(k + image16_results_ahead, a.results - 1);
    request_entries(a.entries + a.begins[later], a.entries + a.ends[later]);
    request_lines(a.next, k * segments, (k + 1) * segments);
    {
      const char* row = a.output_gradient + later * a.plane_bytes;
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 16
        for (int j = 0; j < kColumns; ++j) __builtin_prefetch(at(row, j * image16_line));
    }
    vec upstream[count];
    const char* from = a.output_gradient + k * a.plane_bytes;
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i, from += a.result_row_bytes)
#pragma GCC unroll 16
      for (int t = 0; t < kColumns * parts; ++t)
        upstream[i * kColumns * parts + t] = hn::Load(floats, at(from, 0) + t * lanes);
    const auto products = [&](int32_t e) HWY_ATTR {
      const char* row = a.source + a.entries[e].offset;
      vec sum[chains];
#pragma GCC unroll 4
      for (int u = 0; u < chains; ++u) sum[u] = hn::Zero(floats);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i, row += a.row_bytes)
#pragma GCC unroll 16
        for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 2
          for (int v = 0; v < parts; ++v) {
            const int t = (i * kColumns + j) * parts + v;
            sum[t % chains] = hn::MulAdd(
                upstream[t], hn::Load(floats, at(row, j * step) + v * lanes), sum[t % chains]);
          }
#pragma GCC unroll 4
      for (int u = 1; u < chains; ++u) sum[0] = hn::Add(sum[0], sum[u]);
      return sum[0];
    };
    int32_t e = a.begins[k];
    vec pending[lanes];
    for (; e + lanes <= a.ends[k]; e += lanes) {
      for (int i = 0; i < lanes; ++i) pending[i] = products(e + i);
      float* const sums = a.sums + e;
      hn::StoreU(hn::Add(hn::LoadU(floats, sums), sum_each(pending)), floats, sums);
    }
    if (e == a.ends[k]) continue;
    const int rest = a.ends[k] - e;
    for (int i = 0; i < lanes; ++i) pending[i] = i < rest ? products(e + i) : hn::Zero(floats);
    const auto live = hn::FirstN(floats, static_cast<size_t>(rest));
    float* const sums = a.sums + e;
    hn::BlendedStore(hn::Add(hn::MaskedLoad(live, floats, sums), sum_each(pending)), live, floats,
                     sums);
  }
}

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

// ---- conversion: 16 pixels of 16 images are a square that is transposed.

// dst[j * dst_step + i] = src[i][j], 0 <= i < 16, 0 <= j < columns.
void interleave(const float* const* src, int64_t images, int64_t columns, float* dst) {
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t i = 0; i < 16; ++i) dst[j * 16 + i] = i < images ? src[i][j] : 0.0f;
}

void pack_block(const esp_image16& e, int64_t block, int64_t channel, const float* nchw,
                float* image16) {
  const image16_strides at_lines = image16_strides_of(e);
  float* const plane = image16 + (block * e.c + channel) * at_lines.plane * 16;
  const int64_t images = HWY_MIN(int64_t{16}, e.n - block * 16);
  const vec zero = hn::Zero(floats);
  for (int64_t i = 0; i < at_lines.plane * 16; i += lanes) hn::Store(zero, floats, plane + i);
  const float* rows[16] = {};
  for (int64_t y = 0; y < e.h; ++y) {
    for (int64_t i = 0; i < images; ++i)
      rows[i] = nchw + (((block * 16 + i) * e.c + channel) * e.h + y) * e.w;
    interleave(rows, images, e.w, plane + (at_lines.origin + y * at_lines.row) * 16);
  }
}

void unpack_block(const esp_image16& e, int64_t block, int64_t channel, const float* image16,
                  float* nchw) {
  const image16_strides at_lines = image16_strides_of(e);
  const float* const plane = image16 + (block * e.c + channel) * at_lines.plane * 16;
  const int64_t images = HWY_MIN(int64_t{16}, e.n - block * 16);
  for (int64_t y = 0; y < e.h; ++y) {
    const float* const line = plane + (at_lines.origin + y * at_lines.row) * 16;
    for (int64_t i = 0; i < images; ++i) {
      float* const row = nchw + (((block * 16 + i) * e.c + channel) * e.h + y) * e.w;
      for (int64_t x = 0; x < e.w; ++x) row[x] = line[x * 16 + i];
    }
  }
}

constexpr image16_kernels kernels = {&takes, &run_tile, &run_gradient_tile, &pack_block,
                                     &unpack_block};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
