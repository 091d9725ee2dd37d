// The weight gradient over a slab of source lines, compiled once per instruction set.
#pragma once

#include "kernels/conv_image16/conv_image16_lines-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
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
  const source_rows<kRows> rows(a.source, a.row_bytes);
  const int64_t segments = (a.next.segments + a.results - 1) / a.results;
  for (int64_t k = 0; k < a.results; ++k) {
    const int64_t later = HWY_MIN(k + image16_results_ahead, a.results - 1);
    request(a.entries + a.begins[later], a.entries + a.ends[later]);
    request(a.sums + a.begins[later], a.sums + a.ends[later]);
    request_lines(a.next, k * segments, (k + 1) * segments);
    {
      const char* row = a.output_gradient + later * a.plane_bytes;
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i, row += a.result_row_bytes)
#pragma GCC unroll 28
        for (int j = 0; j < kColumns; ++j) __builtin_prefetch(at(row, j * image16_line));
    }
    vec upstream[count];
    const char* from = a.output_gradient + k * a.plane_bytes;
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i, from += a.result_row_bytes)
#pragma GCC unroll 28
      for (int t = 0; t < kColumns * parts; ++t)
        upstream[i * kColumns * parts + t] = hn::Load(floats, at(from, 0) + t * lanes);
    offsets_ahead ahead(a.entries + a.begins[k]);
    const auto products = [&](int32_t e) HWY_ATTR {
      const int64_t offset = ahead.take(a.entries + e);
      vec sum[chains];
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 28
        for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 2
          for (int v = 0; v < parts; ++v) {
            const int t = (i * kColumns + j) * parts + v;
            const vec line = hn::Load(floats, at(rows.begin[i] + offset, j * step) + v * lanes);
            vec& s = sum[t % chains];
            s = t < chains ? hn::Mul(upstream[t], line) : hn::MulAdd(upstream[t], line, s);
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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
