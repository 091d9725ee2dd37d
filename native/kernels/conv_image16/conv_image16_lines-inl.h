// Vectors of a line and requests for lines to come, compiled once per instruction set.
#pragma once

#include <hwy/highway.h>

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
constexpr int most_accumulators = HWY_TARGET <= HWY_AVX3 ? 28 : 12;
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

HWY_INLINE void request(const void* begin, const void* end) {
  for (auto at = reinterpret_cast<uintptr_t>(begin); at < reinterpret_cast<uintptr_t>(end);
       at += 64)
    __builtin_prefetch(reinterpret_cast<const void*>(at));
}

// Where each row of a tile counts its offsets from: one register per row, so that no kept weight
// waits for a sum.
template <int kRows>
struct source_rows {
  const char* begin[kRows];

  HWY_INLINE source_rows(const char* source, int64_t row_bytes) {
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) begin[i] = source + i * row_bytes;
  }
};

// The offsets of consecutive entries, loaded ahead: the loads of lines then find their addresses
// ready.
class offsets_ahead {
 public:
  HWY_INLINE explicit offsets_ahead(const image16_entry* first)
      : now_(first[0].offset), next_(first[1].offset) {
    static_assert(image16_entries_ahead == 2, "now and next");
  }

  // The offset of `entry`, the one after the last one taken.
  HWY_INLINE int64_t take(const image16_entry* entry) {
    const int64_t taken = now_;
    now_ = next_;
    next_ = entry[image16_entries_ahead].offset;
    return taken;
  }

 private:
  int64_t now_, next_;
};

float* at(char* lines, int64_t bytes) {
  return reinterpret_cast<float*>(lines + bytes);
}
const float* at(const char* lines, int64_t bytes) {
  return reinterpret_cast<const float*>(lines + bytes);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
