// The three passes for the CPU with Highway vectors, compiled once per instruction set. Included by
// one file per instruction set only.
#pragma once

#include <hwy/highway.h>
#include <math.h>
#include <string.h>

#include "base/order_key.h"
#include "base/partition.h"
#include "kernels/select/select.h"

namespace espalier {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using lanes = hn::ScalableTag<uint32_t>;
using vector = hn::Vec<lanes>;
constexpr size_t width = hn::MaxLanes(lanes());

inline vector order_keys(vector bits) {
  const lanes d;
  const auto sign = hn::Set(d, float_sign);
  const auto canonical = hn::IfThenZeroElse(hn::Eq(bits, sign), bits);
  const auto negative =
      hn::BitCast(d, hn::ShiftRight<31>(hn::BitCast(hn::RebindToSigned<lanes>(), canonical)));
  return hn::Xor(canonical, hn::Or(negative, sign));
}

// Stores the chosen keys side by side, and leaves garbage in the rest of one vector; returns their
// number.
inline size_t store_chosen(vector keys, hn::Mask<lanes> chosen, uint32_t* to) {
  const lanes d;
#if HWY_STATIC_TARGET == HWY_AVX2
  // Highway's table for this is copied to the stack on every use by GCC 12, so the lane numbers are
  // gathered from a constant by the chosen bytes instead.
  const auto bits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(chosen.raw)));
  const uint64_t bytes = _pdep_u64(bits, 0x0101010101010101u) * 0xff;
  const uint64_t numbers = _pext_u64(0x0706050403020100u, bytes);
  const __m256i places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(numbers)));
  hn::StoreU(vector{_mm256_permutevar8x32_epi32(keys.raw, places)}, d, to);
  return static_cast<size_t>(__builtin_popcount(bits));
#else
  // Packing in a register and storing all: packing into memory is microcoded on Zen 4.
  hn::StoreU(hn::Compress(keys, chosen), d, to);
  return hn::CountTrue(d, chosen);
#endif
}

// Counts keys of one pass. Neighbours go to different copies of the histogram.
template <int pass>
void count_keys(const uint32_t* keys, size_t count, select_cpu_part* part) {
  constexpr uint32_t bins = (1u << select_pass_bits[pass]) - 1;
  constexpr int shift = select_pass_shift[pass];
  size_t i = 0;
  for (; i + select_histogram_copies <= count; i += select_histogram_copies)
    for (size_t c = 0; c < select_histogram_copies; ++c)
      ++part->histogram[c][keys[i + c] >> shift & bins];
  for (; i < count; ++i) ++part->histogram[0][keys[i] >> shift & bins];
}

// Keys that are packed before they are counted, so that counting is a loop without branches.
constexpr int64_t block = 512;

// One pass over `count` elements, at most a block. Returns true if there is a NaN (first pass
// only).
template <int pass>
bool count_block(const uint32_t* bits, int64_t count, uint32_t prefix, select_cpu_part* part) {
  const lanes d;
  const auto infinity = hn::Set(d, float_infinity), sign = hn::Set(d, float_sign);
  const auto wanted = hn::Set(d, prefix);
  constexpr int above = pass == 0 ? 0 : select_pass_shift[pass - 1];
  constexpr auto whole = static_cast<int64_t>(width);
  alignas(64) uint32_t packed[block + width];
  size_t chosen = 0;
  auto nan = hn::FirstN(d, 0);
  int64_t i = 0;
  for (; i + whole <= count; i += whole) {
    const auto v = hn::LoadU(d, bits + i);
    const auto keys = order_keys(v);
    if (pass == 0) {
      nan = hn::Or(nan, hn::Gt(hn::AndNot(sign, v), infinity));
      hn::Store(keys, d, packed + chosen);
      chosen += width;
    } else {
      chosen += store_chosen(keys, hn::Eq(hn::ShiftRight<above>(keys), wanted), packed + chosen);
    }
  }
  bool any_nan = pass == 0 && !hn::AllFalse(d, nan);
  for (; i < count; ++i) {
    const uint32_t key = order_key(bits[i]);
    any_nan = any_nan || (pass == 0 && is_nan_bits(bits[i]));
    if (pass == 0 || key >> above == prefix) packed[chosen++] = key;
  }
  count_keys<pass>(packed, chosen, part);
  return any_nan;
}

inline int64_t first_nan(const uint32_t* bits, int64_t from) {
  while (!is_nan_bits(bits[from])) ++from;
  return from;
}

// One thread's share of a pass. Nothing after the block of the first NaN is counted.
template <int pass>
void run_thread(const select_call& call, int64_t begin, int64_t end, uint32_t prefix,
                select_cpu_part* part) {
  memset(part->histogram, 0, sizeof part->histogram);
  part->nan_item = -1;
  for_each_part(call.items, call.item_count, begin, end, [&](int32_t n, int64_t from, int64_t to) {
    const auto* bits = static_cast<const uint32_t*>(call.items[n].score);
    for (; from < to && part->nan_item < 0; from += block) {
      const int64_t count = to - from < block ? to - from : block;
      if (!count_block<pass>(bits + from, count, prefix, part)) continue;
      part->nan_item = n;
      part->nan_index = first_nan(bits, from);
    }
  });
}

// Where the k-th is, as the passes narrow it.
struct narrowing {
  uint32_t prefix = 0;
  int64_t remaining;  // rank, from 1, among the keys that begin with prefix
};

// Chooses the bin that holds the remaining-th key.
template <int pass>
void narrow(const select_cpu_part* parts, int32_t threads, narrowing* state) {
  for (uint32_t bin = 0;; ++bin) {
    int64_t count = 0;
    for (int32_t t = 0; t < threads; ++t)
      for (int c = 0; c < select_histogram_copies; ++c)
        count += static_cast<int64_t>(parts[t].histogram[c][bin]);
    if (state->remaining <= count) {
      state->prefix = state->prefix << select_pass_bits[pass] | bin;
      return;
    }
    state->remaining -= count;
  }
}

template <int pass>
bool run_pass(const select_call& call, int64_t total, int32_t threads, narrowing* state) {
  auto* parts = static_cast<select_cpu_part*>(call.workspace);
  for_each_thread(total, threads, static_cast<int64_t>(width),
                  [&](int32_t t, int64_t begin, int64_t end) {
                    run_thread<pass>(call, begin, end, state->prefix, parts + t);
                  });
  for (int32_t t = 0; pass == 0 && t < threads; ++t) {
    if (parts[t].nan_item < 0) continue;
    call.selection->nan_item = static_cast<int32_t>(parts[t].nan_item);
    call.selection->nan_index = parts[t].nan_index;
    return false;
  }
  if (call.k == 0) return false;
  narrow<pass>(parts, threads, state);
  return true;
}

inline int32_t select_by_histogram(const select_call& call) {
  *call.selection = {-INFINITY, -1, 0, 0, 0};
  const int64_t total = total_count(call.items, call.item_count);
  const int32_t threads = threads_for(total, call.threads);
  narrowing state;
  state.remaining = call.k;
  const bool found = run_pass<0>(call, total, threads, &state) &&
                     run_pass<1>(call, total, threads, &state) &&
                     run_pass<2>(call, total, threads, &state);
  if (!found) return ESP_OK;
  const uint32_t bits = bits_of_order_key(state.prefix);
  memcpy(&call.selection->value, &bits, sizeof bits);
  call.selection->ties = state.remaining;
  call.selection->below = call.k - state.remaining;
  return ESP_OK;
}

}  // namespace
}  // namespace espalier
