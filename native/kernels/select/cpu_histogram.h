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
constexpr size_t width = HWY_LANES(uint32_t);

inline vector order_keys(vector bits) {
  const lanes d;
  const auto sign = hn::Set(d, float_sign);
  const auto canonical = hn::IfThenZeroElse(hn::Eq(bits, sign), bits);
  const auto negative =
      hn::BitCast(d, hn::ShiftRight<31>(hn::BitCast(hn::RebindToSigned<lanes>(), canonical)));
  return hn::Xor(canonical, hn::Or(negative, sign));
}

// Keys wait here until there are enough for a loop without branches.
class bin_counter {
 public:
  bin_counter(select_cpu_part* part, int shift, int bits)
      : part_(part), shift_(shift), bin_mask_((1u << bits) - 1) {}

  void add(vector keys, hn::Mask<lanes> chosen) {
    waiting_ += hn::CompressStore(keys, chosen, lanes(), keys_ + waiting_);
    if (waiting_ > capacity) flush();
  }

  void flush() {
    size_t i = 0;
    for (; i + select_histogram_copies <= waiting_; i += select_histogram_copies)
      for (int c = 0; c < select_histogram_copies; ++c) count(c, keys_[i + static_cast<size_t>(c)]);
    for (; i < waiting_; ++i) count(0, keys_[i]);
    waiting_ = 0;
  }

 private:
  void count(int copy, uint32_t key) { ++part_->histogram[copy][key >> shift_ & bin_mask_]; }

  static constexpr size_t capacity = 512;
  select_cpu_part* part_;
  int shift_;
  uint32_t bin_mask_;
  size_t waiting_ = 0;
  alignas(64) uint32_t keys_[capacity + 2 * width];
};

// A pass over [from, to) of one tensor. Returns true if there is a NaN.
template <int pass>
bool count_part(const uint32_t* bits, int64_t count, uint32_t prefix, bin_counter& counter) {
  const lanes d;
  const auto infinity = hn::Set(d, float_infinity);
  const auto wanted = hn::Set(d, prefix);
  auto nan = hn::FirstN(d, 0);
  const auto visit = [&](vector v, hn::Mask<lanes> valid) HWY_ATTR {
    const vector keys = order_keys(v);
    if (pass == 0)
      nan = hn::Or(nan, hn::And(valid, hn::Gt(hn::AndNot(hn::Set(d, float_sign), v), infinity)));
    constexpr int above = pass == 0 ? 0 : select_pass_shift[pass - 1];
    counter.add(keys,
                pass == 0 ? valid : hn::And(valid, hn::Eq(hn::ShiftRight<above>(keys), wanted)));
  };
  const auto all = hn::FirstN(d, width);
  const auto whole = static_cast<int64_t>(width);
  int64_t i = 0;
  for (; i + whole <= count; i += whole) visit(hn::LoadU(d, bits + i), all);
  if (i < count) {
    alignas(64) uint32_t tail[width] = {};
    memcpy(tail, bits + i, static_cast<size_t>(count - i) * sizeof(uint32_t));
    visit(hn::Load(d, tail), hn::FirstN(d, static_cast<size_t>(count - i)));
  }
  return !hn::AllFalse(d, nan);
}

inline int64_t first_nan(const uint32_t* bits, int64_t from) {
  while (!is_nan_bits(bits[from])) ++from;
  return from;
}

// One thread's share of a pass. Nothing after the first NaN is counted.
template <int pass>
void run_thread(const select_call& call, int64_t begin, int64_t end, uint32_t prefix,
                select_cpu_part* part) {
  memset(part->histogram, 0, sizeof part->histogram);
  part->nan_item = -1;
  bin_counter counter(part, select_pass_shift[pass], select_pass_bits[pass]);
  for_each_part(call.items, call.item_count, begin, end, [&](int32_t n, int64_t from, int64_t to) {
    if (part->nan_item >= 0) return;
    const auto* bits = static_cast<const uint32_t*>(call.items[n].score);
    if (!count_part<pass>(bits + from, to - from, prefix, counter)) return;
    part->nan_item = n;
    part->nan_index = first_nan(bits, from);
  });
  counter.flush();
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
