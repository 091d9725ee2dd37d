// Mask operations for the CPU, compiled once per instruction set. Threads share chunks of whole
// words, so no two write the same word. Included by one file per instruction set only.
#pragma once

#include <hwy/highway.h>
#include <string.h>

#include "base/order_key.h"
#include "base/partition.h"
#include "kernels/mask/mask.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<float> floats;
constexpr hn::RebindToSigned<decltype(floats)> keys;
constexpr hn::CappedTag<uint8_t, 32> bytes;  // one word of a mask
constexpr int64_t lanes = hn::MaxLanes(floats);

// Calls body(item index, chunk index through all items, from, to) for every chunk.
template <class Item, class Body>
void for_each_chunk(const Item* items, int32_t item_count, int32_t threads, Body&& body) {
  const int64_t chunks = chunk_count(items, item_count, mask_chunk_cpu);
  const int32_t useful = threads_for(total_count(items, item_count), threads);
  for_each_thread(chunks, useful, 1, [&](int32_t, int64_t begin, int64_t end) {
    int64_t start = 0;
    for (int32_t n = 0; n < item_count && start < end; ++n) {
      const int64_t own = chunk_count(items + n, 1, mask_chunk_cpu);
      for (int64_t c = begin > start ? begin - start : 0; c < own && start + c < end; ++c) {
        const int64_t to = (c + 1) * mask_chunk_cpu;
        body(n, start + c, c * mask_chunk_cpu, to < items[n].count ? to : items[n].count);
      }
      start += own;
    }
  });
}

// Signed integers in the order of the floats; see base/order_key.h.
int32_t threshold_key(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return static_cast<int32_t>(order_key(bits) ^ float_sign);
}

// Bits of the up to 32 elements at s: below the threshold and equal to it.
struct compared {
  uint32_t below, equal;
};

compared compare_word(const float* s, int64_t count, int32_t threshold) {
  uint32_t below = 0, equal = 0;
  const auto limit = hn::Set(keys, threshold), magnitude = hn::Set(keys, 0x7fffffff);
  for (int64_t i = 0; i < count && i < 32; i += lanes) {
    const int32_t* at = reinterpret_cast<const int32_t*>(s + i);
    const auto live = hn::FirstN(keys, static_cast<size_t>(count - i));
    auto key = count >= 32 ? hn::LoadU(keys, at) : hn::MaskedLoad(live, keys, at);
    key = hn::IfThenZeroElse(hn::Eq(key, hn::Set(keys, INT32_MIN)), key);
    key = hn::Xor(key, hn::And(hn::ShiftRight<31>(key), magnitude));
    uint8_t some[8];
    uint32_t word = 0;
    hn::StoreMaskBits(keys, hn::And(live, hn::Lt(key, limit)), some);
    memcpy(&word, some, lanes / 8);
    below |= word << i;
    hn::StoreMaskBits(keys, hn::And(live, hn::Eq(key, limit)), some);
    memcpy(&word, some, lanes / 8);
    equal |= word << i;
  }
  return {below, equal};
}

uint32_t live_bits(int64_t count) {
  return count >= 32 ? ~0u : (1u << count) - 1u;
}

// Keeps what is not below the threshold; returns the number of elements equal to it.
int64_t mark(const float* s, uint32_t* bits, int64_t count, int32_t threshold) {
  int64_t equal = 0;
  for (int64_t i = 0; i < count; i += 32) {
    const compared word = compare_word(s + i, count - i, threshold);
    bits[i / 32] = ~word.below & live_bits(count - i);
    equal += __builtin_popcount(word.equal);
  }
  return equal;
}

// Clears the bits of the first `ties` elements equal to the threshold.
void clear_ties(const float* s, uint32_t* bits, int64_t count, int32_t threshold, int64_t ties) {
  for (int64_t i = 0; i < count && ties > 0; i += 32) {
    uint32_t equal = compare_word(s + i, count - i, threshold).equal;
    while (__builtin_popcount(equal) > ties) equal &= ~(0x80000000u >> __builtin_clz(equal));
    bits[i / 32] &= ~equal;
    ties -= __builtin_popcount(equal);
  }
}

int32_t build(const mask_build_call& call) {
  int64_t* const equal = static_cast<int64_t*>(call.workspace);
  const int32_t threshold = threshold_key(call.selection->value);
  const auto part = [&](int32_t n, int64_t from) {
    return static_cast<const float*>(call.items[n].score) + from;
  };
  const auto words = [&](int32_t n, int64_t from) {
    return static_cast<uint32_t*>(call.items[n].bits) + from / 32;
  };
  for_each_chunk(call.items, call.item_count, call.threads,
                 [&](int32_t n, int64_t chunk, int64_t from, int64_t to) {
                   equal[chunk] = mark(part(n, from), words(n, from), to - from, threshold);
                 });
  if (call.selection->ties == 0) return ESP_OK;
  int64_t left = call.selection->ties;
  const int64_t chunks = chunk_count(call.items, call.item_count, mask_chunk_cpu);
  for (int64_t c = 0; c < chunks; ++c) {
    equal[c] = equal[c] < left ? equal[c] : left;
    left -= equal[c];
  }
  for_each_chunk(call.items, call.item_count, call.threads,
                 [&](int32_t n, int64_t chunk, int64_t from, int64_t to) {
                   clear_ties(part(n, from), words(n, from), to - from, threshold, equal[chunk]);
                 });
  return ESP_OK;
}

int32_t pack(const mask_pack_call& call) {
  for_each_chunk(
      call.items, call.item_count, call.threads, [&](int32_t n, int64_t, int64_t from, int64_t to) {
        const uint8_t* source = static_cast<const uint8_t*>(call.items[n].bytes);
        uint32_t* bits = static_cast<uint32_t*>(call.items[n].bits);
        int64_t i = from;
        for (; i + 32 <= to; i += 32) {
          uint8_t word[8];
          hn::StoreMaskBits(bytes, hn::Ne(hn::LoadU(bytes, source + i), hn::Zero(bytes)), word);
          memcpy(bits + i / 32, word, 4);
        }
        if (i < to) bits[i / 32] = 0;
        for (; i < to; ++i) bits[i / 32] |= (source[i] != 0 ? 1u : 0u) << (i % 32);
      });
  return ESP_OK;
}

int32_t unpack(const mask_unpack_call& call) {
  for_each_chunk(
      call.items, call.item_count, call.threads, [&](int32_t n, int64_t, int64_t from, int64_t to) {
        const uint32_t* bits = static_cast<const uint32_t*>(call.items[n].bits);
        uint8_t* target = static_cast<uint8_t*>(call.items[n].bytes);
        int64_t i = from;
        for (; i + 32 <= to; i += 32) {
          uint8_t word[8] = {};
          memcpy(word, bits + i / 32, 4);
          const auto kept = hn::LoadMaskBits(bytes, word);
          hn::StoreU(hn::IfThenElseZero(kept, hn::Set(bytes, uint8_t{1})), bytes, target + i);
        }
        for (; i < to; ++i) target[i] = bits[i / 32] >> (i % 32) & 1u;
      });
  return ESP_OK;
}

int32_t apply(const mask_apply_call& call) {
  for_each_chunk(call.items, call.item_count, call.threads,
                 [&](int32_t n, int64_t, int64_t from, int64_t to) {
                   const uint32_t* bits = static_cast<const uint32_t*>(call.items[n].bits);
                   float* values = static_cast<float*>(call.items[n].values);
                   int64_t i = from;
                   for (; i + 32 <= to; i += 32) {
                     if (bits[i / 32] == ~0u) continue;
                     uint8_t word[16] = {};
                     memcpy(word, bits + i / 32, 4);
                     for (int64_t j = 0; j < 32; j += lanes) {
                       float* at = values + i + j;
                       const auto kept = hn::LoadMaskBits(floats, word + j / 8);
                       hn::StoreU(hn::IfThenElseZero(kept, hn::LoadU(floats, at)), floats, at);
                     }
                   }
                   for (; i < to; ++i)
                     if ((bits[i / 32] >> (i % 32) & 1u) == 0) values[i] = 0.0f;
                 });
  return ESP_OK;
}

int32_t count(const mask_count_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n) call.kept[n] = 0;
  for_each_chunk(call.items, call.item_count, call.threads,
                 [&](int32_t n, int64_t, int64_t from, int64_t to) {
                   const uint32_t* bits = static_cast<const uint32_t*>(call.items[n].bits);
                   int64_t ones = 0, word = from / 32;
                   const int64_t end = (to + 31) / 32;
                   for (; word + 2 <= end; word += 2) {
                     uint64_t two;
                     memcpy(&two, bits + word, sizeof two);
                     ones += __builtin_popcountll(two);
                   }
                   if (word < end) ones += __builtin_popcount(bits[word]);
#pragma omp atomic
                   call.kept[n] += ones;
                 });
  return ESP_OK;
}

}  // namespace
}  // namespace espalier
HWY_AFTER_NAMESPACE();
