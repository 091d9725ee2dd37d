// One tile of the masked convolution, compiled once per instruction set. See conv_plan.h for the
// layout.
//
// Included by cpu_avx2.cc and cpu_avx512.cc only; everything lives in HWY_NAMESPACE so that no
// function of one instruction set can be linked into the path of another.

#include <hwy/highway.h>

#include <utility>

#include "kernels/conv/conv_store-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

constexpr int most_vectors = lanes == 16 ? conv_vectors_avx512 : conv_vectors_avx2;

struct sweep_arguments {
  const int32_t* starts;  // [outputs + 1]
  const float* weights;
  const conv_offset* offsets;
  uintptr_t lines_ahead;  // cache lines of weights to ask for with each list
  int64_t outputs;
  slab_view slab;
  int64_t row_bytes;  // of the slab
  bool first;         // start from zero, not from the accumulators
  bool last;          // store each output as soon as it is complete
  const slab_filler* filler;
  const row_maker* maker;
  store_function store;
  int64_t first_output;
  float* accumulators;  // [outputs][patch rows][patch columns][lanes]
};

// Asks for what the lists from weight `begin` on read some distance ahead: beyond the second cache
// level the hardware prefetcher is late. As many lines for every list, so that no branch is missed.
HWY_INLINE void prefetch_lists(const sweep_arguments& a, int64_t begin) {
  const auto weights = reinterpret_cast<uintptr_t>(a.weights + begin) + conv_weights_ahead;
  const auto offsets = reinterpret_cast<uintptr_t>(a.offsets + begin) + conv_weights_ahead / 2;
  for (uintptr_t line = 0; line < a.lines_ahead; ++line)
    __builtin_prefetch(reinterpret_cast<const void*>(weights + 64 * line));
  for (uintptr_t line = 0; line < a.lines_ahead; line += 2)
    __builtin_prefetch(reinterpret_cast<const void*>(offsets + 32 * line));
}

// Four offsets, now: a load of an offset that its address needs at once waits behind the loads of
// the weight before.
HWY_INLINE uint64_t four_offsets(const conv_offset* at) {
  uint64_t four;
  __builtin_memcpy(&four, at, sizeof(four));
  asm("" : "+r"(four));
  return four;
}

// Adds the kept weights of all outputs over one slab to the accumulators. `copies` sets of
// accumulators hide the latency of the multiply-add when there are few.
template <int kRows, int kCols, bool kScaled>
void sweep_slab(const sweep_arguments& a) {
  constexpr int all = kRows * kCols;
  constexpr int copies = all >= 7 ? 1 : all >= 4 ? 2 : all >= 2 ? 4 : 8;
  float* HWY_RESTRICT accumulators = a.accumulators;
  const uintptr_t slab = a.slab.address;
  const auto scale = static_cast<uintptr_t>(a.slab.scale);
  const float* HWY_RESTRICT weights = a.weights;
  const conv_offset* HWY_RESTRICT offsets = a.offsets;
  const auto row_bytes = static_cast<uintptr_t>(a.row_bytes);
  uint64_t next = four_offsets(offsets + a.starts[0]);
  for (int64_t k = 0; k < a.outputs; ++k, accumulators += all * lanes) {
    vec sum[copies][kRows][kCols];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 16
      for (int j = 0; j < kCols; ++j) {
        sum[0][i][j] =
            a.first ? hn::Zero(floats) : hn::Load(floats, accumulators + (i * kCols + j) * lanes);
#pragma GCC unroll 8
        for (int u = 1; u < copies; ++u) sum[u][i][j] = hn::Zero(floats);
      }
    const auto add = [&](vec value, uintptr_t offset, vec(*into)[kCols]) HWY_ATTR {
      uintptr_t at = slab + offset * (kScaled ? scale : conv_offset_bytes);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
        const float* x = reinterpret_cast<const float*>(at);
#pragma GCC unroll 16
        for (int j = 0; j < kCols; ++j)
          into[i][j] = hn::MulAdd(value, hn::Load(floats, x + j * lanes), into[i][j]);
        at += row_bytes;
        // Otherwise the compiler computes an address for every row beforehand.
        if (i + 1 < kRows) asm("" : "+r"(at));
      }
    };
    // One load serves the values of four weights and one their offsets: loads are the bound.
    const auto add_four = [&](int64_t e, int set) HWY_ATTR {
      const uint64_t four = next;
      next = four_offsets(offsets + e + 4);
      const vec values = hn::LoadDup128(floats, weights + e);
      add(hn::Broadcast<0>(values), four & 0xffff, sum[set]);
      add(hn::Broadcast<1>(values), four >> 16 & 0xffff, sum[(set + 1) % copies]);
      add(hn::Broadcast<2>(values), four >> 32 & 0xffff, sum[(set + 2) % copies]);
      add(hn::Broadcast<3>(values), four >> 48, sum[(set + 3) % copies]);
    };
    int64_t e = a.starts[k];
    const int64_t end = a.starts[k + 1];
    const uint64_t following = four_offsets(offsets + end);
    prefetch_lists(a, e);
    if constexpr (copies > 4)
      for (; e + 8 <= end; e += 8) {
        add_four(e, 0);
        add_four(e + 4, 4);
      }
    for (; e + 4 <= end; e += 4) add_four(e, 0);
    for (; e < end; ++e, next >>= 16) add(hn::Set(floats, weights[e]), next & 0xffff, sum[0]);
    next = following;
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 16
      for (int j = 0; j < kCols; ++j) {
#pragma GCC unroll 8
        for (int u = 1; u < copies; ++u) sum[0][i][j] = hn::Add(sum[0][i][j], sum[u][i][j]);
        hn::Store(sum[0][i][j], floats, accumulators + (i * kCols + j) * lanes);
      }
    if (a.last)
      a.store(*a.filler->problem, a.filler->place, *a.maker, a.first_output + k, accumulators);
  }
}

using sweep_function = void (*)(const sweep_arguments&);

// Null where a patch has more pixels than there are accumulators.
template <int kRows, int kCols>
constexpr sweep_function sweep_of() {
  if constexpr (kRows * kCols <= most_vectors)
    return sweep_slab<kRows, kCols, false>;
  else
    return nullptr;
}

struct sweep_row {
  sweep_function by_cols[most_vectors];
};

template <int kRows, int... kCols>
constexpr sweep_row sweeps_of(std::integer_sequence<int, kCols...>) {
  return {{sweep_of<kRows, kCols + 1>()...}};
}

struct sweep_table {
  sweep_row by_rows[most_vectors];
};

template <int... kRows>
constexpr sweep_table all_sweeps(std::integer_sequence<int, kRows...> each) {
  return {{sweeps_of<kRows + 1>(each)...}};
}

template <int... kCols>
constexpr sweep_row scaled_sweeps(std::integer_sequence<int, kCols...>) {
  return {{sweep_slab<1, kCols + 1, true>...}};
}

constexpr auto each_vector = std::make_integer_sequence<int, most_vectors>();
constexpr sweep_table sweeps = all_sweeps(each_vector);
constexpr sweep_row sweeps_of_scaled = scaled_sweeps(each_vector);

sweep_function sweep_for(const conv_plan& plan, const tile_place& place) {
  const sweep_row& row = plan.scaled != 0 ? sweeps_of_scaled : sweeps.by_rows[place.patch_rows - 1];
  return row.by_cols[place.patch_cols - 1];
}

tile_place place_of(const conv_problem& p, int64_t tile) {
  const conv_plan& plan = *p.plan;
  const conv_axis &rows = plan.rows, &cols = plan.cols;
  const int64_t image = tile / (rows.tiles * cols.tiles) * plan.image_lanes;
  const int64_t y = tile / cols.tiles % rows.tiles, x = tile % cols.tiles;
  const int64_t row = rows.units * y / rows.tiles, column = cols.units * x / cols.tiles;
  return {image,
          HWY_MIN(int64_t{plan.image_lanes}, p.shape->n - image),
          row * rows.lanes,
          column * cols.lanes,
          rows.units * (y + 1) / rows.tiles - row,
          cols.units * (x + 1) / cols.tiles - column,
          int64_t{plan.image_lanes} * rows.lanes};
}

}  // namespace

void run_conv_tile(const conv_problem& p, const conv_tile& tile, void* scratch) {
  const esp_conv2d_shape& s = *p.shape;
  const conv_plan& plan = *p.plan;
  float* const slab = static_cast<float*>(scratch);
  char* const table = static_cast<char*>(scratch) + plan.slab_bytes;
  const slab_filler filler = make_filler(p, place_of(p, tile.tile), table);
  const row_maker maker = make_row_maker(plan, filler.place);
  const sweep_function sweep_one = sweep_for(plan, filler.place);
  sweep_arguments sweep{};
  sweep.outputs = tile.output_end - tile.output_begin;
  sweep.weights = p.weights;
  sweep.offsets = p.offsets;
  const int64_t lists = plan.slabs * s.k, nonzeros = p.starts[lists];
  if (nonzeros > conv_near_weights)
    sweep.lines_ahead = static_cast<uintptr_t>(nonzeros / lists / 16 + 1);
  sweep.row_bytes = plan.cols.slots * lanes * 4;
  sweep.filler = &filler;
  sweep.maker = &maker;
  sweep.store = store_for(p, maker);
  sweep.accumulators = reinterpret_cast<float*>(table + plan.table_bytes);
  const int64_t channels = s.c / s.groups;
  for (int64_t group = tile.group_begin; group < tile.group_end; ++group) {
    sweep.first_output = group * (s.k / s.groups) + tile.output_begin;
    for (int64_t i = 0; i < plan.slabs; ++i) {
      const int64_t first = i * plan.slab_channels;
      const int64_t count = HWY_MIN(plan.slab_channels, channels - first);
      sweep.slab = view_slab(filler, group * channels + first, count, slab);
      sweep.starts = p.starts + i * s.k + sweep.first_output;
      sweep.first = i == 0;
      sweep.last = i + 1 == plan.slabs;
      sweep_one(sweep);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
