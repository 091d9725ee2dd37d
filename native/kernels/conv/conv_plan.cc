#include "kernels/conv/conv_plan.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/conv_shape.h"
#include "kernels/conv/tuning.h"

namespace espalier {
namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// One axis of the window.
struct taps_of_axis {
  int64_t out, taps, stride, dilation;
};

taps_of_axis rows_of(const esp_conv2d_shape& s) {
  return {conv_out_height(s), s.r, s.stride_h, s.dilation_h};
}
taps_of_axis cols_of(const esp_conv2d_shape& s) {
  return {conv_out_width(s), s.s, s.stride_w, s.dilation_w};
}

// Slots are shared by the taps of a phase (the remainder of a tap's position by the stride), or
// else every tap has slots of its own: whichever are fewer.
conv_axis make_axis(const taps_of_axis& t, int32_t lanes, int32_t patch) {
  conv_axis a{};
  a.lanes = lanes;
  a.patch = patch;
  a.units = ceil_div(t.out, lanes);
  a.tiles = ceil_div(a.units, patch);
  const int64_t last = (t.taps - 1) * t.dilation, step = std::gcd(t.stride, t.dilation);
  const int64_t phases = t.taps == 1 ? 1 : std::min(t.stride / step, last / step + 1);
  a.period = patch + last / t.stride;
  a.by_tap =
      !product_fits(t.taps * patch, {phases, a.period}) || phases * a.period > t.taps * patch;
  if (a.by_tap) a.period = patch;
  a.slots = a.by_tap ? t.taps * patch : phases * a.period;
  a.phase_step = a.by_tap ? t.dilation : step;
  return a;
}

int64_t first_slot(const conv_axis& a, const taps_of_axis& t, int64_t tap) {
  if (a.by_tap) return tap * a.period;
  const int64_t at = tap * t.dilation;
  return at % t.stride / a.phase_step * a.period + at / t.stride;
}

double number(int64_t x) {
  return static_cast<double>(x);
}

// Estimated clock cycles of `n` images; only ratios between plans of one shape matter.
double cost_of(const conv_plan& p, const esp_conv2d_shape& s, int64_t nonzeros, int64_t n) {
  const double blocks = number(ceil_div(n, p.image_lanes)) * number(p.rows.tiles * p.cols.tiles);
  const double vectors = number(p.rows.units) / number(p.rows.tiles) * number(p.cols.units) /
                         number(p.cols.tiles);  // mean of a tile
  const double lane_rows = number(p.image_lanes) * p.rows.lanes;
  const double missed = std::max(
      0.0, 1.0 - conv_first_level_bytes / (4.0 * number(p.slab_channels * p.channel_floats)));
  const conv_costs& cost = p.lanes == 16 ? conv_costs_avx512 : conv_costs_avx2;
  const double load = vectors * (cost.load + cost.missed * missed) + 0.15 * (p.rows.patch - 1);
  const double multiply = number(nonzeros) * (load + cost.entry);
  const double reload = number(s.k * p.slabs) * (cost.reload * vectors + cost.list);
  const double chunks = number(ceil_div(s.k / s.groups, p.chunk_outputs));
  const double packed = chunks * number(s.c * p.channel_floats / p.lanes);
  const double pack = packed * (cost.pack + (p.flat != 0 ? 0.0 : cost.pack_row * lane_rows)) +
                      chunks * number(s.c) * conv_plane_cycles;
  const double rows = p.flat != 0 ? 0.0 : lane_rows * p.rows.patch;
  const double store = number(s.k) * (cost.store * vectors + cost.store_row * rows);
  return blocks * (multiply + reload + pack + store);
}

// Slots of a slab that offsets reach.
int64_t most_slots(const conv_plan& p) {
  constexpr int64_t most = std::numeric_limits<conv_offset>::max();
  return p.scaled != 0 ? most : most * conv_offset_bytes / (4 * p.lanes);
}

// Cuts channels into slabs and sizes the scratch; false if offsets do not reach over a channel.
bool size_slabs(const esp_conv2d_shape& s, int64_t nonzeros, int64_t n, conv_plan* p) {
  const int64_t most = most_slots(*p);
  if (!product_fits(most, {p->rows.slots, p->cols.slots})) return false;
  const int64_t channels = s.c / s.groups;
  p->channel_floats = p->rows.slots * p->cols.slots * p->lanes;
  const int64_t vector_bytes = int64_t{4} * p->rows.patch * p->cols.patch * p->lanes;
  p->chunk_outputs = std::clamp<int64_t>(conv_accumulator_bytes / vector_bytes, 1, s.k / s.groups);
  double best_cost = std::numeric_limits<double>::infinity();
  int64_t best_slabs = 1;
  for (const int64_t budget : conv_slab_bytes) {
    const int64_t fitting =
        std::clamp<int64_t>(budget / (4 * p->channel_floats), 1, std::min(channels, most));
    p->slabs = ceil_div(channels, fitting);
    p->slab_channels = ceil_div(channels, p->slabs);
    p->slabs = ceil_div(channels, p->slab_channels);
    const double cost = cost_of(*p, s, nonzeros, n);
    if (cost < best_cost) {
      best_cost = cost;
      best_slabs = p->slabs;
    }
  }
  p->slab_channels = ceil_div(channels, best_slabs);
  p->slabs = ceil_div(channels, p->slab_channels);
  p->slab_bytes = 4 * p->slab_channels * p->channel_floats;
  const int64_t lane_rows = int64_t{p->image_lanes} * p->rows.lanes;
  p->table_bytes =
      ceil_div(p->rows.slots * (4 * p->lanes + 8 * lane_rows) + p->cols.slots * (4 * p->lanes + 8),
               64) *
      64;
  p->scratch_bytes =
      p->slab_bytes + p->table_bytes + ceil_div(p->chunk_outputs * vector_bytes, 64) * 64;
  return true;
}

struct plan_search {
  const esp_conv2d_shape& shape;
  int64_t nonzeros, images;
  bool any_patch = false;
  conv_plan best{};
  double best_cost = std::numeric_limits<double>::infinity();

  void consider(conv_plan plan) {
    if (!size_slabs(shape, nonzeros, images, &plan)) return;
    const double cost = cost_of(plan, shape, nonzeros, images);
    if (cost >= best_cost) return;
    best_cost = cost;
    best = plan;
  }

  // The patches for one grid of lanes; small ones that need many tiles only if asked to.
  void consider_grid(const conv_plan& grid, int32_t row_lanes, int32_t col_lanes) {
    const taps_of_axis rows = rows_of(shape), cols = cols_of(shape);
    const int32_t most = grid.lanes == 16 ? conv_vectors_avx512 : conv_vectors_avx2;
    conv_axis wide[conv_vectors_avx512];
    int widths = 0;
    for (int32_t w = 1; w <= std::min<int64_t>(most, ceil_div(cols.out, col_lanes)); ++w) {
      // A row of a patch grid is packed from one vector, and stored as one.
      if (grid.flat == 0 &&
          (col_lanes * w > grid.lanes || (col_lanes - 1) * w * cols.stride >= grid.lanes))
        break;
      wide[widths] = make_axis(cols, col_lanes, w);
      if (ceil_div(wide[widths].units, wide[widths].tiles) == w) ++widths;
    }
    conv_plan plan = grid;
    for (int32_t h = 1; h <= std::min<int64_t>(most, ceil_div(rows.out, row_lanes)); ++h) {
      plan.rows = make_axis(rows, row_lanes, h);
      if (ceil_div(plan.rows.units, plan.rows.tiles) != h) continue;
      for (int i = 0; i < widths && wide[i].patch * h <= most; ++i) {
        plan.cols = wide[i];
        const bool many = plan.rows.tiles * plan.cols.tiles > 1;
        if (many && !any_patch && 3 * h * wide[i].patch <= most) continue;
        plan.scaled = plan.flat;
        if (!product_fits(most_slots(plan), {plan.rows.slots, plan.cols.slots}) && h == 1)
          plan.scaled = 1;
        consider(plan);
      }
    }
  }
};

bool is_flat(const esp_conv2d_shape& s) {
  return s.h == 1 && s.r == 1 && s.s == 1 && s.stride_w == 1 && s.pad_top == 0 && s.pad_left == 0 &&
         s.pad_bottom == 0 && s.pad_right == 0;
}

// The cheapest plan for a batch.
conv_plan search_plan(const esp_conv2d_shape& s, int64_t nonzeros, int32_t lanes, int64_t images) {
  plan_search search{s, nonzeros, images};
  conv_plan plan{};
  plan.lanes = lanes;
  plan.out_h = conv_out_height(s);
  plan.out_w = conv_out_width(s);
  const int64_t most_images = plan.out_h * plan.out_w <= conv_small_map ? images : 1;
  for (; search.best.lanes == 0; search.any_patch = true) {
    plan.flat = 0;
    for (plan.image_lanes = 1; plan.image_lanes <= std::min<int64_t>(lanes, most_images);
         plan.image_lanes *= 2)
      for (int32_t cols = 1; cols * plan.image_lanes <= lanes; cols *= 2)
        search.consider_grid(plan, lanes / plan.image_lanes / cols, cols);
    plan.image_lanes = plan.flat = 1;
    if (is_flat(s)) search.consider_grid(plan, 1, lanes);
    if (search.any_patch) break;
  }
  return search.best;
}

}  // namespace

esp_conv2d_shape flatten_pointwise(const esp_conv2d_shape& shape) {
  esp_conv2d_shape flat = shape;
  if (shape.r == 1 && shape.s == 1 && shape.stride_h == 1 && shape.stride_w == 1 &&
      shape.pad_top == 0 && shape.pad_left == 0 && shape.pad_bottom == 0 && shape.pad_right == 0) {
    flat.w = shape.h * shape.w;
    flat.h = 1;
  }
  return flat;
}

bool make_conv_plans(const esp_conv2d_shape& s, int64_t nonzeros, int32_t lanes,
                     conv_plan plans[conv_plans]) {
  plans[0] = plans[1] = search_plan(s, nonzeros, lanes, 1);
  if (plans[0].out_h * plans[0].out_w <= conv_small_map)
    plans[1] = search_plan(s, nonzeros, lanes, conv_batch);
  return plans[0].lanes != 0 && plans[1].lanes != 0;
}

int choose_conv_plan(const conv_plan plans[conv_plans], const esp_conv2d_shape& s,
                     int64_t nonzeros) {
  return cost_of(plans[1], s, nonzeros, s.n) < cost_of(plans[0], s, nonzeros, s.n) ? 1 : 0;
}

bool are_same(const conv_plan& a, const conv_plan& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

int64_t conv_offset_of(const conv_plan& plan, const esp_conv2d_shape& shape, int64_t channel,
                       int64_t r, int64_t s) {
  if (plan.flat != 0) return channel;
  const int64_t row = channel * plan.rows.slots + first_slot(plan.rows, rows_of(shape), r);
  const int64_t slot = row * plan.cols.slots + first_slot(plan.cols, cols_of(shape), s);
  return plan.scaled != 0 ? slot : slot * plan.lanes * 4 / conv_offset_bytes;
}

int64_t conv_tiles(const conv_plan& plan, const esp_conv2d_shape& shape) {
  return ceil_div(shape.n, plan.image_lanes) * plan.rows.tiles * plan.cols.tiles;
}

}  // namespace espalier
