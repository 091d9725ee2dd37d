// The model that chooses tiles and slabs.
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "kernels/conv_image16/conv_image16_cpu.h"
#include "kernels/conv_image16/tuning.h"

namespace espalier {
namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// The model fitted on a machine whose second cache level is like this one's.
const image16_model& model_of(image16_pass pass) {
  static const bool small = [] {
    const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    return bytes > 0 && bytes <= image16_small_second_level_bytes;
  }();
  if (!small) return image16_large_model;
  return pass == image16_pass::sweep ? image16_small_sweep_model : image16_small_gradient_model;
}

// Estimated cycles of one phase of one block; only ratios matter.
double cost_of(image16_pass pass, const image16_problem& p, const esp_conv2d_shape& s,
               const image16_phase& phase, int64_t rows, int64_t columns, int64_t slab_lists,
               const packed_image16& packed) {
  const image16_model& model = model_of(pass);
  const double slabs = static_cast<double>(ceil_div(packed.lists, slab_lists));
  const double results = static_cast<double>(p.group_results * p.groups);
  const double nonzeros = static_cast<double>(packed.nonzeros) / static_cast<double>(p.phases);
  const double reach_h = static_cast<double>((s.r - 1) * s.dilation_h) /
                         static_cast<double>(p.result_step_h),
               reach_w = static_cast<double>((s.s - 1) * s.dilation_w) /
                         static_cast<double>(p.result_step_w);
  // The source is brought in once per chunk of results whose accumulators are held.
  const double chunks =
      pass == image16_pass::sweep
          ? static_cast<double>(ceil_div(p.group_results * rows * columns * image16_line,
                                         image16_accumulator_bytes))
          : 1.0;
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
      const double missed = std::max(0.0, 1.0 - model.first_level_bytes / slab_bytes);
      // Fewer than six accumulators wait for the multiply-adds.
      const double loads =
          std::max(pixels, 6.0) * (1.0 + model.second_level_penalty * missed) + model.weight_loads;
      const double bring = lines_h * (lines_w * model.line_cycles + pages * model.row_cycles);
      const double tile = nonzeros * 0.5 * loads +
                          results * slabs * (model.reload_cycles * pixels + model.list_cycles) +
                          static_cast<double>(p.source.c) * chunks * bring;
      cycles += static_cast<double>(h.count * w.count) * tile;
    }
  return cycles;
}

}  // namespace

image16_tiling choose_image16_tiling(const image16_problem& p, const esp_conv2d_shape& s,
                                     const image16_phase& phase, const packed_image16& packed,
                                     image16_pass pass, const image16_kernels& kernels) {
  const image16_model& model = model_of(pass);
  image16_tiling best{1, 1, packed.lists, 1};
  double best_cost = std::numeric_limits<double>::infinity();
  for (int64_t rows = 1; rows <= std::min(model.most_pixels, phase.rows); ++rows)
    for (int64_t columns = 1; columns <= std::min(model.most_pixels / rows, phase.columns);
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
        const double cost = cost_of(pass, p, s, phase, rows, columns, slab_lists, packed);
        if (cost >= best_cost) continue;
        best_cost = cost;
        best = {static_cast<int32_t>(rows), static_cast<int32_t>(columns), slab_lists,
                ceil_div(packed.lists, slab_lists)};
      }
    }
  return best;
}

}  // namespace espalier
