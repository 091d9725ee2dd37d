// What the threads of a grid do together: barriers, warp operations, atomics. Included by
// base/simt/cuda.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/simt/scheduler.h"

// ---- barriers and fences ------------------------------------------------------------------------

inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __syncthreads() {
  espalier::simt::block_barrier(0);
}
inline int __syncthreads_count(int p) {
  return static_cast<int>(espalier::simt::block_barrier(p != 0));
}
inline int __syncthreads_or(int p) {
  return espalier::simt::block_barrier(p != 0) != 0;
}
inline int __syncthreads_and(int p) {
  return espalier::simt::block_barrier(p == 0) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  espalier::simt::warp_exchange(mask, 0);
}

// ---- warp operations ----------------------------------------------------------------------------

namespace espalier::simt {

template <class T>
T shuffle(unsigned mask, T value, unsigned source) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "a shuffled value has at most 8 bytes");
  uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  const uint64_t* words = warp_exchange(mask, word);
  std::memcpy(&value, words + source, sizeof value);
  return value;
}

// The source lane if it stays inside the caller's segment of `width` lanes, otherwise the caller.
inline unsigned in_segment(int source, unsigned width) {
  const int first = static_cast<int>(lane() / width * width);
  const bool inside = source >= first && source < first + static_cast<int>(width);
  return inside ? static_cast<unsigned>(source) : lane();
}

}  // namespace espalier::simt

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const unsigned segment = espalier::simt::lane() / width * width;
  return espalier::simt::shuffle(mask, value, segment + static_cast<unsigned>(source) % width);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int source = static_cast<int>(espalier::simt::lane() + delta);
  return espalier::simt::shuffle(mask, value, espalier::simt::in_segment(source, width));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int source = static_cast<int>(espalier::simt::lane()) - static_cast<int>(delta);
  return espalier::simt::shuffle(mask, value, espalier::simt::in_segment(source, width));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  const int source = static_cast<int>(espalier::simt::lane()) ^ lanes;
  return espalier::simt::shuffle(mask, value, espalier::simt::in_segment(source, width));
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  const uint64_t* words = espalier::simt::warp_exchange(mask, predicate != 0);
  unsigned ballot = 0;
  for (unsigned i = 0; i < 32; ++i)
    if ((mask >> i & 1u) != 0 && words[i] != 0) ballot |= 1u << i;
  return ballot;
}
inline int __any_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, predicate) != 0;
}
inline int __all_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, predicate) == mask;
}
template <class T>
unsigned __match_any_sync(unsigned mask, T value) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "a matched value has at most 8 bytes");
  uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  const uint64_t* words = espalier::simt::warp_exchange(mask, word);
  unsigned match = 0;
  for (unsigned i = 0; i < 32; ++i)
    if ((mask >> i & 1u) != 0 && words[i] == word) match |= 1u << i;
  return match;
}

// ---- atomics ------------------------------------------------------------------------------------

template <class T, class V>
T atomicAdd(T* p, V v) {
  const T old = *p;
  *p = static_cast<T>(old + static_cast<T>(v));
  return old;
}
template <class T, class V>
T atomicMin(T* p, V v) {
  const T old = *p;
  if (static_cast<T>(v) < old) *p = static_cast<T>(v);
  return old;
}
template <class T, class V>
T atomicMax(T* p, V v) {
  const T old = *p;
  if (static_cast<T>(v) > old) *p = static_cast<T>(v);
  return old;
}
template <class T, class V>
T atomicOr(T* p, V v) {
  const T old = *p;
  *p = old | static_cast<T>(v);
  return old;
}
template <class T, class V>
T atomicExch(T* p, V v) {
  const T old = *p;
  *p = static_cast<T>(v);
  return old;
}
template <class T, class C, class V>
T atomicCAS(T* p, C expected, V v) {
  const T old = *p;
  if (old == static_cast<T>(expected)) *p = static_cast<T>(v);
  return old;
}
