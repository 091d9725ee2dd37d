// Channel scores for the CPU, compiled once per instruction set. A thread reduces whole channels,
// in an order that depends on the shape only. Included by one file per instruction set only.
#pragma once

#include <math.h>
#include <string.h>

#include "kernels/score/cpu_element.h"

namespace espalier {
namespace {

// Channels that one thread reduces together. Short runs need many, to read long stretches of a row.
constexpr int64_t long_block = 16, short_block = 128;
// Below this many contiguous elements per channel, rows are added position by position.
constexpr int64_t long_inner = 32;
// Longest stretch of a row whose double sums stay in the first-level cache (8 KiB).
constexpr int64_t max_row = 1024;
// Independent sums along a contiguous run, enough to hide the latency of an addition.
constexpr int64_t lanes = 32;

struct l1 {
  using sum = double;
  static sum add(sum total, float e) { return total + static_cast<double>(e); }
  static sum merge(sum a, sum b) { return a + b; }
  static float finish(sum total) { return static_cast<float>(total); }
};
struct l2 {
  using sum = double;
  static sum add(sum total, float e) {
    return total + static_cast<double>(e) * static_cast<double>(e);
  }
  static sum merge(sum a, sum b) { return a + b; }
  static float finish(sum total) { return static_cast<float>(sqrt(total)); }
};
// Non-negative floats order as their bits do, and not-a-number lies above infinity.
struct linf {
  using sum = uint32_t;
  static sum add(sum total, float e) {
    uint32_t bits;
    memcpy(&bits, &e, sizeof bits);
    return bits > total ? bits : total;
  }
  static sum merge(sum a, sum b) { return a > b ? a : b; }
  static float finish(sum total) {
    float e;
    memcpy(&e, &total, sizeof e);
    return e;
  }
};

// Adds `count` contiguous elements from `at` into sums[i % lanes].
template <class Criterion, class Norm>
void add_run(const float* w, const float* g, int64_t at, int64_t count, typename Norm::sum* sums) {
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
#pragma omp simd
    for (int64_t l = 0; l < lanes; ++l)
      sums[l] = Norm::add(sums[l], Criterion::of(w, g, at + i + l));
  for (int64_t l = 0; i + l < count; ++l)
    sums[l] = Norm::add(sums[l], Criterion::of(w, g, at + i + l));
}

template <class Norm>
typename Norm::sum merge_all(const typename Norm::sum* sums, int64_t count) {
  typename Norm::sum total = 0;
  for (int64_t i = 0; i < count; ++i) total = Norm::merge(total, sums[i]);
  return total;
}

template <class Criterion, class Norm>
typename Norm::sum reduce_long(const esp_channel_item& item, int64_t channel) {
  const float* w = static_cast<const float*>(item.weight);
  const float* g = static_cast<const float*>(item.gradient);
  typename Norm::sum sums[lanes] = {};
  for (int64_t o = 0; o < item.outer; ++o)
    add_run<Criterion, Norm>(w, g, o * item.outer_stride + channel * item.inner, item.inner, sums);
  return merge_all<Norm>(sums, lanes);
}

// Neighbouring channels at once: rows of channels * inner contiguous elements, at most max_row.
template <class Criterion, class Norm>
void reduce_rows(const esp_channel_item& item, int64_t first, int64_t channels,
                 typename Norm::sum* totals) {
  const float* w = static_cast<const float*>(item.weight);
  const float* g = static_cast<const float*>(item.gradient);
  const int64_t row = channels * item.inner;
  typename Norm::sum sums[max_row];
  for (int64_t p = 0; p < row; ++p) sums[p] = 0;
  int64_t o = 0, at = first * item.inner;
  const int64_t stride = item.outer_stride;
  for (; o + 4 <= item.outer; o += 4, at += 4 * stride) {  // four rows per load and store of a sum
#pragma omp simd
    for (int64_t p = 0; p < row; ++p) {
      auto sum = Norm::add(sums[p], Criterion::of(w, g, at + p));
      sum = Norm::add(sum, Criterion::of(w, g, at + stride + p));
      sum = Norm::add(sum, Criterion::of(w, g, at + 2 * stride + p));
      sums[p] = Norm::add(sum, Criterion::of(w, g, at + 3 * stride + p));
    }
  }
  for (; o < item.outer; ++o, at += stride) {
#pragma omp simd
    for (int64_t p = 0; p < row; ++p) sums[p] = Norm::add(sums[p], Criterion::of(w, g, at + p));
  }
  for (int64_t c = 0; c < channels; ++c)
    totals[c] = Norm::merge(totals[c], merge_all<Norm>(sums + c * item.inner, item.inner));
}

template <class Criterion, class Norm>
void reduce_short(const esp_channel_item& item, int64_t first, int64_t channels,
                  typename Norm::sum* totals) {
  if (item.inner == 0) return;
  const int64_t step = max_row / item.inner;
  for (int64_t c = 0; c < channels; c += step)
    reduce_rows<Criterion, Norm>(item, first + c, channels - c < step ? channels - c : step,
                                 totals + c);
}

template <class Criterion, class Norm>
void reduce_block(const esp_channel_item* items, int32_t item_count, int64_t first,
                  int64_t channels) {
  typename Norm::sum totals[short_block] = {};
  for (int32_t n = 0; n < item_count; ++n) {
    if (items[n].inner < long_inner) {
      reduce_short<Criterion, Norm>(items[n], first, channels, totals);
      continue;
    }
    for (int64_t c = 0; c < channels; ++c)
      totals[c] = Norm::merge(totals[c], reduce_long<Criterion, Norm>(items[n], first + c));
  }
  float* score = static_cast<float*>(items[0].score);
  for (int64_t c = 0; c < channels; ++c) score[first + c] = Norm::finish(totals[c]);
}

// Blocks of channels, counted through all groups.
struct block_place {
  int32_t item;
  int32_t item_end;
  int64_t channel;
};

inline int64_t block_of(const esp_channel_item& first) {
  return first.inner < long_inner ? short_block : long_block;
}

inline int64_t blocks_of(const esp_channel_item& first) {
  return (first.channels + block_of(first) - 1) / block_of(first);
}

inline block_place place_of(const score_channels_call& call, int64_t block) {
  int32_t first = 0;
  for (;;) {
    const int32_t end = group_end(call.items, call.item_count, first);
    const int64_t blocks = blocks_of(call.items[first]);
    if (block < blocks) return {first, end, block * block_of(call.items[first])};
    block -= blocks;
    first = end;
  }
}

template <class Criterion, class Norm>
int32_t score_channels(const score_channels_call& call) {
  int64_t blocks = 0, elements = 0;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_channel_item& item = call.items[n];
    elements += item.outer * item.channels * item.inner;
    if (n == 0 || item.score != call.items[n - 1].score ||
        item.channels != call.items[n - 1].channels)
      blocks += blocks_of(item);
  }
  const int32_t threads = threads_for(elements, call.threads);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
  for (int64_t b = 0; b < blocks; ++b) {
    const block_place place = place_of(call, b);
    const esp_channel_item& first = call.items[place.item];
    const int64_t left = first.channels - place.channel, block = block_of(first);
    reduce_block<Criterion, Norm>(call.items + place.item, place.item_end - place.item,
                                  place.channel, left < block ? left : block);
  }
  return ESP_OK;
}

template <class Criterion>
int32_t score_channels_by_norm(const score_channels_call& call) {
  switch (call.norm) {
    case ESP_NORM_L1: return score_channels<Criterion, l1>(call);
    case ESP_NORM_L2: return score_channels<Criterion, l2>(call);
    default: return score_channels<Criterion, linf>(call);
  }
}

inline int32_t score_channels_by_criterion(const score_channels_call& call) {
  switch (call.criterion) {
    case ESP_CRITERION_MAGNITUDE: return score_channels_by_norm<magnitude>(call);
    case ESP_CRITERION_GRADIENT: return score_channels_by_norm<gradient_magnitude>(call);
    case ESP_CRITERION_SIGNED_GRADIENT: return score_channels_by_norm<positive_gradient>(call);
    default: return score_channels_by_norm<taylor>(call);
  }
}

}  // namespace
}  // namespace espalier
