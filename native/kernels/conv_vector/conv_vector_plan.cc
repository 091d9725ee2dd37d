#include "kernels/conv_vector/conv_vector_plan.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "kernels/conv_vector/conv_vector.h"
#include "kernels/conv_vector/conv_vector_cpu.h"

namespace espalier {
namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

int64_t round_up(int64_t a, int64_t b) {
  return ceil_div(a, b) * b;
}

vector_axis make_axis(int64_t taps, int64_t stride, int64_t dilation) {
  const int64_t common = std::gcd(stride, dilation), period = stride / common;
  return {period, std::min(taps, period), dilation / common,
          (taps - 1) / period * (dilation / common)};
}

// Sets the extent of a tile and the slab that follows from it.
void set_tile(vector_plan* plan, int64_t rows, int64_t cols) {
  plan->tile_rows = rows;
  plan->tile_cols = cols;
  plan->plane_rows = rows + plan->rows.halo;
  plan->pitch = cols + plan->columns.halo;
  plan->channel_floats = plan->rows.planes * plan->columns.planes * plan->plane_rows * plan->pitch;
  // Channels a large power of two apart would share the sets of a cache.
  if (plan->channel_floats % 64 == 0) plan->channel_floats += 16;
}

int64_t tile_bytes(const vector_plan& plan, const esp_conv2d_shape& s) {
  return s.c / s.groups * plan.channel_floats * static_cast<int64_t>(sizeof(float));
}

// Cycles per image, for one group.
double cost(const vector_plan& plan, const esp_conv2d_shape& s, int64_t vectors) {
  const int64_t tiles_h = ceil_div(plan.out_h, plan.tile_rows);
  const int64_t tiles_w = ceil_div(plan.out_w, plan.tile_cols);
  const auto units = static_cast<double>(plan.out_h * tiles_w * (plan.tile_cols / plan.micro.unit));
  const double pixels = units * plan.micro.unit, micro_tiles = units / plan.micro.most_units;
  const double kept = static_cast<double>(vectors) / static_cast<double>(s.groups);
  return kept * (pixels * vector_pixel_cycles + micro_tiles * vector_micro_cycles) +
         static_cast<double>(tiles_h * tiles_w * s.c / s.groups * plan.channel_floats) *
             vector_copy_cycles;
}

// Calls visit for every tile worth a look: some number of columns, and as many rows as the slab's
// size allows, evened out.
template <class Visit>
void for_each_tile(vector_plan plan, const esp_conv2d_shape& s, Visit&& visit) {
  const int64_t unit = plan.micro.unit, full = round_up(plan.out_w, unit);
  for (int64_t parts = 1;; parts *= 2) {
    const int64_t cols = round_up(ceil_div(full, parts), unit);
    int64_t rows = 1;
    for (int64_t step = int64_t{1} << 30; step > 0; step /= 2) {
      set_tile(&plan, std::min(rows + step, plan.out_h), cols);
      if (rows + step <= plan.out_h && tile_bytes(plan, s) <= vector_slab_bytes) rows += step;
    }
    rows = ceil_div(plan.out_h, ceil_div(plan.out_h, rows));
    set_tile(&plan, rows, cols);
    visit(plan);
    if (cols <= unit * plan.micro.most_units) return;
  }
}

}  // namespace

esp_conv2d_shape flatten_pointwise_vector(const esp_conv2d_shape& shape) {
  esp_conv2d_shape s = shape;
  if (s.r * s.s != 1 || s.stride_h * s.stride_w != 1 ||
      s.pad_top + s.pad_left + s.pad_bottom + s.pad_right != 0)
    return s;
  s.w *= s.h;
  s.h = 1;
  return s;
}

vector_plan make_vector_plan(const esp_conv2d_shape& s, int64_t vectors, int32_t lanes) {
  vector_plan best{}, plan{};
  plan.lanes = lanes;
  plan.rows = make_axis(s.r, s.stride_h, s.dilation_h);
  plan.columns = make_axis(s.s, s.stride_w, s.dilation_w);
  plan.out_h = conv_out_height(s);
  plan.out_w = conv_out_width(s);
  const bool wide = lanes == 16;
  const vector_micro_tile* micro = wide ? vector_micro_avx512 : vector_micro_avx2;
  const vector_micro_tile* const end =
      wide ? std::end(vector_micro_avx512) : std::end(vector_micro_avx2);
  double least = -1.0;
  for (; micro != end; ++micro) {
    plan.micro = *micro;
    for_each_tile(plan, s, [&](const vector_plan& candidate) {
      const double cycles = cost(candidate, s, vectors);
      const bool fits = tile_bytes(candidate, s) <= vector_slab_bytes;
      const bool best_fits = least >= 0.0 && tile_bytes(best, s) <= vector_slab_bytes;
      if (least >= 0.0 && (fits != best_fits ? best_fits : cycles >= least)) return;
      least = cycles;
      best = candidate;
    });
  }
  return best;
}

vector_geometry make_vector_geometry(const vector_plan& plan, const esp_conv2d_shape& s) {
  vector_geometry g{};
  g.tiles_h = ceil_div(plan.out_h, plan.tile_rows);
  g.tiles_w = ceil_div(plan.out_w, plan.tile_cols);
  g.images = 1;
  if (g.tiles_h * g.tiles_w == 1 && s.n > 1) {
    const int64_t fitting = std::clamp<int64_t>(vector_slab_bytes / tile_bytes(plan, s), 1, s.n);
    g.images = ceil_div(s.n, ceil_div(s.n, fitting));
  }
  g.tiles = ceil_div(s.n, g.images) * g.tiles_h * g.tiles_w;
  g.image_floats = s.c / s.groups * plan.channel_floats;
  // Rows are written in whole vectors.
  g.slab_floats = round_up(g.images * g.image_floats + plan.lanes, 16);
  g.units = g.images * plan.tile_rows * (plan.tile_cols / plan.micro.unit);
  const int64_t spreads =
      plan.pitch <= vector_spread_pitch ? ceil_div(plan.plane_rows * plan.pitch, plan.lanes) : 0;
  g.scratch_bytes = (g.slab_floats + 2 * vector_most_pixels * vector_outputs) *
                        static_cast<int64_t>(sizeof(float)) +
                    round_up(g.units * static_cast<int64_t>(sizeof(vector_unit)) +
                                 spreads * static_cast<int64_t>(sizeof(vector_spread)),
                             64);
  return g;
}

int64_t vector_offset(const vector_plan& plan, int64_t c, int64_t r, int64_t q) {
  const int64_t plane = r % plan.rows.period * plan.columns.planes + q % plan.columns.period;
  const int64_t row = r / plan.rows.period * plan.rows.step;
  const int64_t column = q / plan.columns.period * plan.columns.step;
  return c * plan.channel_floats + (plane * plan.plane_rows + row) * plan.pitch + column;
}

}  // namespace espalier
