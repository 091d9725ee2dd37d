// The part of CUDA C++ and of the runtime that the .cu files use, for a host build (tests only).
// Device memory is host memory and every launch is finished when it returns. A name that is missing
// here is added here; tensor-core and asynchronous-copy paths are left out with #ifndef
// ESPALIER_SIMT.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/simt/scheduler.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

// ---- runtime ------------------------------------------------------------------------------------

enum cudaError_t : int {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorECCUncorrectable = 214,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchTimeout = 702,
  cudaErrorAssert = 710,
  cudaErrorHardwareStackError = 714,
  cudaErrorIllegalInstruction = 715,
  cudaErrorMisalignedAddress = 716,
  cudaErrorInvalidAddressSpace = 717,
  cudaErrorInvalidPc = 718,
  cudaErrorLaunchFailure = 719,
};

using cudaStream_t = void*;

inline cudaError_t cudaGetLastError() {
  return cudaSuccess;
}

inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

inline cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t) {
  std::memset(target, value, bytes);
  return cudaSuccess;
}

inline const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaErrorLaunchFailure) return espalier::simt::last_fault();
  return error == cudaErrorInvalidConfiguration ? "invalid configuration argument" : "error";
}

// ---- vector types -------------------------------------------------------------------------------

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) longlong2 {
  long long x, y;
};

inline float2 make_float2(float x, float y) {
  return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w) {
  return {x, y, z, w};
}
inline int2 make_int2(int x, int y) {
  return {x, y};
}
inline int4 make_int4(int x, int y, int z, int w) {
  return {x, y, z, w};
}
inline uint2 make_uint2(unsigned x, unsigned y) {
  return {x, y};
}
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
  return {x, y, z, w};
}

// ---- bits and arithmetic ------------------------------------------------------------------------

inline int __popc(unsigned v) {
  return __builtin_popcount(v);
}
inline int __popcll(unsigned long long v) {
  return __builtin_popcountll(v);
}
inline int __clz(int v) {
  return v == 0 ? 32 : __builtin_clz(static_cast<unsigned>(v));
}
inline int __ffs(int v) {
  return __builtin_ffs(v);
}
inline unsigned __brev(unsigned v) {
  unsigned r = 0;
  for (int i = 0; i < 32; ++i) r |= (v >> i & 1u) << (31 - i);
  return r;
}

inline unsigned __float_as_uint(float v) {
  unsigned r;
  std::memcpy(&r, &v, sizeof r);
  return r;
}
inline int __float_as_int(float v) {
  return static_cast<int>(__float_as_uint(v));
}
inline float __uint_as_float(unsigned v) {
  float r;
  std::memcpy(&r, &v, sizeof r);
  return r;
}
inline float __int_as_float(int v) {
  return __uint_as_float(static_cast<unsigned>(v));
}
inline float __fmul_rn(float a, float b) {
  return a * b;
}
inline float __fadd_rn(float a, float b) {
  return a + b;
}
inline float __fsqrt_rn(float v) {
  return std::sqrt(v);
}
inline float __fmaf_rn(float a, float b, float c) {
  return std::fma(a, b, c);
}

template <class T>
T __ldg(const T* p) {
  return *p;
}
template <class T>
T __ldcs(const T* p) {
  return *p;
}
template <class T>
T __ldcg(const T* p) {
  return *p;
}
template <class T>
void __stcs(T* p, T v) {
  *p = v;
}
template <class T>
void __stcg(T* p, T v) {
  *p = v;
}

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
