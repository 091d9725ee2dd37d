// The sweep of kept weights over a slab of source lines, compiled once per instruction set.
#pragma once

#include "base/epilogue-inl.h"
#include "kernels/conv_image16/conv_image16_lines-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
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
  const source_rows<kRows> rows(a.source, a.row_bytes);
  const vec least = hn::Set(floats, a.activation == ESP_ACTIVATION_RELU ? 0.0f : -__builtin_inff());
  float* HWY_RESTRICT accumulators = a.accumulators;
  const int64_t segments = (a.next.segments + a.results - 1) / a.results;
  for (int64_t k = 0; k < a.results; ++k, accumulators += count * lanes) {
    const int64_t later = HWY_MIN(k + image16_results_ahead, a.results - 1);
    request(a.entries + a.begins[later], a.entries + a.ends[later]);
    request_lines(a.next, k * segments, (k + 1) * segments);
    if (a.last) {
      const char* row = a.result + later * a.plane_bytes;
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 28
        for (int j = 0; j < kColumns; ++j) __builtin_prefetch(row + j * a.result_column_bytes, 1);
    }
    vec sum[copies][count];
    if (a.first) {
      const vec start = hn::Set(floats, a.bias != nullptr ? a.bias[k] : 0.0f);
#pragma GCC unroll 28
      for (int t = 0; t < count; ++t) sum[0][t] = start;
      if (a.residual != nullptr) {
        const char* row = a.residual + k * a.plane_bytes;
#pragma GCC unroll 4
        for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 28
          for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 2
            for (int v = 0; v < parts; ++v) {
              vec& s = sum[0][(i * kColumns + j) * parts + v];
              s = hn::Add(s, hn::Load(floats, at(row, j * a.result_column_bytes) + v * lanes));
            }
      }
    } else {
#pragma GCC unroll 28
      for (int t = 0; t < count; ++t) sum[0][t] = hn::Load(floats, accumulators + t * lanes);
    }
#pragma GCC unroll 4
    for (int u = 1; u < copies; ++u)
#pragma GCC unroll 28
      for (int t = 0; t < count; ++t) sum[u][t] = hn::Zero(floats);

    const auto add = [&](float weight, int64_t offset, vec* into) HWY_ATTR {
      const vec value = hn::Set(floats, weight);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 28
        for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 2
          for (int v = 0; v < parts; ++v) {
            vec& s = into[(i * kColumns + j) * parts + v];
            s = hn::MulAdd(value,
                           hn::Load(floats, at(rows.begin[i] + offset, j * step) + v * lanes), s);
          }
    };
    const image16_entry* e = a.entries + a.begins[k];
    const image16_entry* const end = a.entries + a.ends[k];
    for (; copies > 1 && e + copies <= end; e += copies) {
#pragma GCC unroll 4
      for (int u = 0; u < copies; ++u) add(e[u].value, e[u].offset, sum[u]);
    }
    offsets_ahead offset(e);
    for (; e < end; ++e) add(e->value, offset.take(e), sum[0]);
#pragma GCC unroll 4
    for (int u = 1; u < copies; ++u)
#pragma GCC unroll 28
      for (int t = 0; t < count; ++t) sum[0][t] = hn::Add(sum[0][t], sum[u][t]);

    if (!a.last) {
#pragma GCC unroll 28
      for (int t = 0; t < count; ++t) hn::Store(sum[0][t], floats, accumulators + t * lanes);
      continue;
    }
    char* const result = a.result + k * a.plane_bytes;
    char* row = result;
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 28
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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
