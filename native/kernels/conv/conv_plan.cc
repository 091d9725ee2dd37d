#include "kernels/conv/conv_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/conv_shape.h"
#include "kernels/conv/tuning.h"

namespace espalier {
namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Row phases that the taps touch: multiples of gcd(stride_h, dilation_h) below stride_h.
int64_t row_phases(const esp_conv2d_shape& s) {
  if (s.r == 1 || s.stride_h == 1) return 1;
  const int64_t step = std::gcd(s.stride_h, s.dilation_h);
  return std::min(s.stride_h / step, (s.r - 1) * s.dilation_h / step + 1);
}

int64_t last_row(const esp_conv2d_shape& s) {
  return (s.r - 1) * s.dilation_h / s.stride_h;
}
int64_t last_column(const esp_conv2d_shape& s) {
  return (s.s - 1) * s.dilation_w / s.stride_w;
}

// Vector loads per load of the sweep: a load that crosses a cache line counts twice.
double line_crossings(const conv_plan& p, const conv_geometry& g, const esp_conv2d_shape& s) {
  if (p.shared != 0) return p.lanes == 16 ? conv_shared_crossings_64 : conv_shared_crossings_32;
  int64_t crossing = 0;
  for (int64_t r = 0; r < s.r; ++r)
    crossing += r * s.dilation_h / s.stride_h * g.pitch % p.lanes != 0 ? 1 : 0;
  return 1.0 +
         static_cast<double>(crossing) / static_cast<double>(s.r) * (p.lanes == 16 ? 1.0 : 0.5);
}

// Estimated clock cycles of the batch; only ratios between plans of one shape matter.
double cost_of(const conv_plan& p, const conv_geometry& g, const esp_conv2d_shape& s,
               int64_t nonzeros) {
  const double vectors = g.vectors, tiles = static_cast<double>(g.tiles),
               slabs = static_cast<double>(g.slabs);
  const double slab_bytes = 4.0 * static_cast<double>(g.slab_floats);
  const double missed = std::max(0.0, 1.0 - conv_first_level_bytes / slab_bytes);
  const double loads =
      vectors * line_crossings(p, g, s) * (1.0 + conv_second_level_penalty * missed) + 2.0;
  const double multiply = tiles * static_cast<double>(nonzeros) * 0.5 * loads;
  const double reload =
      tiles * static_cast<double>(s.k) * slabs * (conv_reload_cycles * vectors + conv_list_cycles);
  const double chunks = static_cast<double>(s.groups * ceil_div(s.k / s.groups, g.chunk_outputs));
  const double rows = static_cast<double>(s.c / s.groups * p.planes * p.plane_rows * g.images);
  const double row_vectors = static_cast<double>(ceil_div(g.image_pitch, p.lanes));
  const double fill = s.stride_w == 1 ? conv_pack_cycles : conv_strided_pack_cycles;
  return multiply + reload + tiles * chunks * rows * (row_vectors * fill + conv_row_cycles);
}

// Whether every conv_entry::offset has 31 bits.
bool offsets_fit(const conv_plan& p, const esp_conv2d_shape& s) {
  const int64_t most = int64_t{1} << 31;
  const int64_t rows = s.c / s.groups * p.planes * p.plane_rows;
  return rows < most && (p.shared == 0 || 4 * rows * p.row_vectors * p.lanes < most);
}

struct plan_search {
  const esp_conv2d_shape& shape;
  int64_t nonzeros;
  conv_plan best{};
  double best_cost = std::numeric_limits<double>::infinity();

  // Latency of one image counts as much as the cost per image of a batch.
  void consider(const conv_plan& plan) {
    if (!offsets_fit(plan, shape)) return;
    double cost = 0.0;
    for (const int64_t n : {1, 16}) {
      esp_conv2d_shape batch = shape;
      batch.n = n;
      const conv_geometry geometry = make_conv_geometry(plan, batch, nonzeros);
      cost += cost_of(plan, geometry, batch, nonzeros) / static_cast<double>(n);
    }
    if (cost < best_cost) {
      best_cost = cost;
      best = plan;
    }
  }
};

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

conv_plan make_conv_plan(const esp_conv2d_shape& s, int64_t nonzeros, int32_t lanes) {
  conv_plan plan{};
  plan.lanes = lanes;
  plan.out_h = conv_out_height(s);
  plan.out_w = conv_out_width(s);
  const int64_t channels = s.c / s.groups;
  plan.list_channels =
      static_cast<int32_t>(std::max(conv_list_channels, ceil_div(channels, conv_most_lists)));
  plan.lists = ceil_div(channels, plan.list_channels);
  const int32_t most = lanes == 16 ? conv_vectors_avx512 : conv_vectors_avx2;
  plan_search search{s, nonzeros};
  for (plan.shared = 0; plan.shared <= 1; ++plan.shared) {
    plan.column_planes = static_cast<int32_t>(
        plan.shared != 0 ? std::min(s.stride_w, (s.s - 1) * s.dilation_w + 1) : s.s);
    plan.planes = static_cast<int32_t>(row_phases(s) * plan.column_planes);
    plan.row_phase_step = std::gcd(s.stride_h, s.dilation_h);
    plan.column_plane_step = plan.shared != 0 ? 1 : s.dilation_w;
    for (plan.tile_rows = 1; plan.tile_rows <= std::min<int64_t>(most, plan.out_h);
         ++plan.tile_rows) {
      if (ceil_div(plan.out_h, ceil_div(plan.out_h, plan.tile_rows)) != plan.tile_rows) continue;
      plan.plane_rows = static_cast<int32_t>(plan.tile_rows + last_row(s));
      for (plan.row_vectors = 1; plan.row_vectors * plan.tile_rows <= most; ++plan.row_vectors) {
        if (plan.shared == 0 || last_column(s) < plan.row_vectors * lanes) search.consider(plan);
      }
    }
    if (s.s == 1) break;  // the forms are the same
  }
  return search.best;
}

conv_geometry make_conv_geometry(const conv_plan& plan, const esp_conv2d_shape& s,
                                 int64_t nonzeros) {
  conv_geometry g{};
  const int64_t lanes = plan.lanes, wide = plan.row_vectors * lanes;
  const int64_t halo = plan.shared != 0 ? last_column(s) : 0;
  g.tiles_w =
      wide >= plan.out_w + halo ? 1 : ceil_div(plan.out_w, std::max<int64_t>(wide - halo, 1));
  int64_t columns = ceil_div(plan.out_w, g.tiles_w);
  if (plan.shared == 0 && g.tiles_w > 1) columns = ceil_div(columns, lanes) * lanes;
  g.tiles_w = ceil_div(plan.out_w, columns);
  g.tile_cols = static_cast<int32_t>(columns);
  g.image_pitch = static_cast<int32_t>(g.tile_cols + halo);
  g.images = 1;
  if (plan.shared == 0 && g.tiles_w == 1)
    g.images =
        static_cast<int32_t>(std::clamp<int64_t>(wide / plan.out_w, 1, std::max<int64_t>(s.n, 1)));
  int64_t pitch = int64_t{g.images} * g.image_pitch;
  if (plan.shared == 0) {
    int64_t unit = 1;
    while (unit < lanes && unit < pitch) unit *= 2;
    pitch = ceil_div(pitch, unit) * unit;
  }
  g.pitch = static_cast<int32_t>(pitch);
  g.vectors = static_cast<int32_t>(
      ceil_div((plan.tile_rows - 1) * pitch + int64_t{g.images} * g.image_pitch, lanes));
  g.tiles_h = ceil_div(plan.out_h, plan.tile_rows);
  g.tiles = ceil_div(s.n, g.images) * g.tiles_h * g.tiles_w;
  g.channel_floats = int64_t{plan.planes} * plan.plane_rows * pitch;
  const int64_t vector_bytes = 4 * g.vectors * lanes;
  g.chunk_outputs = std::clamp<int64_t>(conv_accumulator_bytes / vector_bytes, 1, s.k / s.groups);
  conv_geometry best = g;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const int64_t budget : conv_slab_bytes) {
    const int64_t fitting =
        std::clamp<int64_t>(budget / (4 * g.channel_floats * plan.list_channels), 1, plan.lists);
    g.slabs = ceil_div(plan.lists, fitting);
    g.slab_lists = ceil_div(plan.lists, g.slabs);
    g.slabs = ceil_div(plan.lists, g.slab_lists);
    g.slab_floats = g.slab_lists * plan.list_channels * g.channel_floats;
    const double cost = cost_of(plan, g, s, nonzeros);
    if (cost < best_cost) {
      best_cost = cost;
      best = g;
    }
  }
  // The last vector of a tile may run past the slab by less than a tile, the last row of a plane by
  // one vector.
  best.slab_floats = ceil_div(best.slab_floats + (best.vectors + 1) * lanes, 16) * 16;
  best.scratch_floats = best.slab_floats + best.chunk_outputs * best.vectors * lanes;
  return best;
}

int64_t conv_entry_offset(const conv_plan& plan, const conv_geometry& geometry,
                          const esp_conv2d_shape& shape, int64_t channel, int64_t r, int64_t s) {
  const int64_t row = r * shape.dilation_h, column = s * shape.dilation_w;
  const int64_t phase = row_phases(shape) == 1
                            ? 0
                            : row % shape.stride_h / std::gcd(shape.stride_h, shape.dilation_h);
  const int64_t plane =
      phase * plan.column_planes + (plan.shared != 0 ? column % shape.stride_w : s);
  const int64_t slab_row = (channel * plan.planes + plane) * plan.plane_rows + row / shape.stride_h;
  return plan.shared != 0 ? 4 * (slab_row * geometry.pitch + column / shape.stride_w) : slab_row;
}

}  // namespace espalier
