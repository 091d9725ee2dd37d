#include "kernels/conv_image16/conv_image16_layout.h"

#include <algorithm>

#include "base/conv_shape.h"
#include "kernels/conv_image16/tuning.h"

namespace espalier {
namespace {

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Of the remainder class of -a, as C++ rounds towards zero.
int64_t positive_remainder(int64_t a, int64_t b) {
  return (a % b + b) % b;
}

bool is_forward(const esp_conv2d_image16_layout& layout) {
  return layout.direction == ESP_DIRECTION_FORWARD;
}

int64_t list_channels(const image16_problem& p) {
  return std::max(image16_list_channels, ceil_div(p.group_sources, image16_most_lists));
}

int64_t head_bytes(const image16_problem& p, int64_t lists) {
  const int64_t starts = p.phases * (lists + 1) * p.result.c;
  return ceil_div(static_cast<int64_t>(sizeof(packed_image16)) + 4 * starts, 64) * 64;
}

// Rows (or columns) of halo that one axis needs: `taps` taps `dilation` apart, `from` source and
// `to` result extents.
int64_t least_halo(bool forward, int64_t taps, int64_t dilation, int64_t stride, int64_t pad,
                   int64_t from, int64_t to) {
  int64_t before = 0, behind = 0;
  for (int64_t t = 0; t < taps; t += std::max<int64_t>(taps - 1, 1)) {
    if (forward) {
      const int64_t first = t * dilation - pad;
      before = std::max(before, -first);
      behind = std::max(behind, first + (to - 1) * stride - (from - 1));
    } else {
      // Result pixel y reads (y + pad - t * dilation) / stride where that is whole.
      const int64_t low = pad - t * dilation, high = to - 1 + low;
      before = std::max(before, low < 0 ? -low / stride : 0);
      behind = std::max(behind, high > 0 ? high / stride - (from - 1) : 0);
    }
  }
  return std::max(before, behind);
}

}  // namespace

image16_strides image16_strides_of(const esp_image16& e) {
  const int64_t row = e.w + 2 * e.halo_w, lines = (e.h + 2 * e.halo_h) * row;
  return {row, lines | 1, e.halo_h * row + e.halo_w};
}

image16_phase image16_problem::phase(int64_t index) const {
  const int64_t row = index / result_step_w, column = index % result_step_w;
  return {row, column, ceil_div(std::max<int64_t>(result.h - row, 0), result_step_h),
          ceil_div(std::max<int64_t>(result.w - column, 0), result_step_w)};
}

image16_problem make_image16_problem(const esp_conv2d_image16_layout& layout) {
  const esp_conv2d_shape& s = layout.shape;
  image16_problem p{};
  p.source = {s.n, s.c, s.h, s.w, layout.source_halo_h, layout.source_halo_w};
  p.result = {
      s.n, s.k, conv_out_height(s), conv_out_width(s), layout.result_halo_h, layout.result_halo_w};
  if (!is_forward(layout)) {
    std::swap(p.source.c, p.result.c);
    std::swap(p.source.h, p.result.h);
    std::swap(p.source.w, p.result.w);
  }
  p.from = image16_strides_of(p.source);
  p.to = image16_strides_of(p.result);
  p.groups = s.groups;
  p.group_sources = p.source.c / s.groups;
  p.group_results = p.result.c / s.groups;
  p.source_step_h = is_forward(layout) ? s.stride_h : 1;
  p.source_step_w = is_forward(layout) ? s.stride_w : 1;
  p.result_step_h = is_forward(layout) ? 1 : s.stride_h;
  p.result_step_w = is_forward(layout) ? 1 : s.stride_w;
  p.phases = p.result_step_h * p.result_step_w;
  return p;
}

image16_tap image16_tap_of(const esp_conv2d_image16_layout& layout, int64_t r, int64_t q) {
  const esp_conv2d_shape& s = layout.shape;
  const int64_t row = r * s.dilation_h - s.pad_top, column = q * s.dilation_w - s.pad_left;
  if (is_forward(layout)) return {0, row, column};
  const int64_t a = positive_remainder(row, s.stride_h), b = positive_remainder(column, s.stride_w);
  return {a * s.stride_w + b, (a - row) / s.stride_h, (b - column) / s.stride_w};
}

void image16_least_halo(const esp_conv2d_image16_layout& layout, int64_t* halo_h, int64_t* halo_w) {
  const esp_conv2d_shape& s = layout.shape;
  const image16_problem p = make_image16_problem(layout);
  *halo_h = least_halo(is_forward(layout), s.r, s.dilation_h, s.stride_h, s.pad_top, p.source.h,
                       p.result.h);
  *halo_w = least_halo(is_forward(layout), s.s, s.dilation_w, s.stride_w, s.pad_left, p.source.w,
                       p.result.w);
}

const image16_entry* packed_image16::entries(const image16_problem& problem) const {
  return reinterpret_cast<const image16_entry*>(reinterpret_cast<const char*>(this) +
                                                head_bytes(problem, lists));
}

int64_t image16_packed_bytes(const esp_conv2d_image16_layout& layout, int64_t nonzeros) {
  const image16_problem p = make_image16_problem(layout);
  if (static_cast<double>(p.group_sources) * static_cast<double>(p.from.plane) *
          static_cast<double>(image16_line) >=
      2147483648.0)
    return -1;
  const int64_t lists = ceil_div(p.group_sources, list_channels(p));
  return head_bytes(p, lists) +
         (nonzeros + image16_entries_ahead) * static_cast<int64_t>(sizeof(image16_entry));
}

}  // namespace espalier
