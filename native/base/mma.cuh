// Matrix instructions of a warp, and copies into shared memory that run beside it, each behind one
// device function. All 32 lanes call them together. Sources: PTX ISA 9.0, sections "Matrix
// Fragments for mma.m16n8k16 with floating point type", "Matrix Fragments for sparse mma.m16n8k32
// with .f16 and .bf16 types", "Warp-level matrix load instruction: ldmatrix" and "Data Movement and
// Conversion Instructions: Non-bulk copy".
//
// With g = lane / 4, t = lane % 4, two elements per 32-bit register, the lower column first:
//   A, 16 x 16: register i holds row g + 8 * (i % 2), columns 2 t and 2 t + 1, + 8 if i >= 2
//   B, k x 8:   register i holds rows 8 i + 2 t and 8 i + 2 t + 1 of column g
//   C, 16 x 8:  register i holds row g + 8 * (i / 2), column 2 t + i % 2
// A sparse A of 16 x 32 is stored as a 16 x 16 matrix of its kept elements: columns 2 q and 2 q + 1
// are the two kept ones of columns 4 q to 4 q + 3. Their places are four bits of metadata, the
// lower place in the lower two bits, and the lower place is the smaller. Lane t = 2 * selector
// brings those of columns 0 to 15, lane t = 2 * selector + 1 those of 16 to 31: bits 0 to 15 for
// row g, bits 16 to 31 for row g + 8.
#pragma once

#include "base/cuda.h"
#include "base/half.h"

#ifdef ESPALIER_SIMT
#include "base/simt/mma.h"
#endif

namespace espalier {

constexpr int mma_rows = 16, mma_columns = 8;

#ifdef ESPALIER_SIMT

template <bool bf16>
void mma_m16n8k16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  simt::multiply<16>(c, a, b, &simt::dense_column, 0, bf16);
}

template <bool bf16, int selector>
void mma_sp_m16n8k32(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[4],
                     uint32_t metadata) {
  simt::multiply<32>(c, a, b, selector == 0 ? &simt::sparse_column<0> : &simt::sparse_column<1>,
                     metadata, bf16);
}

inline void load_matrices(uint32_t (&registers)[4], const void* row) {
  simt::load_matrices(registers, row);
}

inline void copy16_async(void* shared, const void* global, bool live) {
  simt::queue_copy(shared, global, live);
}
inline void commit_copies() {
  simt::commit_copies();
}
template <int pending>
void wait_for_copies() {
  simt::wait_for_copies(pending);
}

#else

// c += a * b in binary32. bfloat16 needs compute capability 8.0; below it the call ends the grid.
template <bool bf16>
__device__ __forceinline__ void mma_m16n8k16(float (&c)[4], const uint32_t (&a)[4],
                                             const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  if (bf16)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  if (bf16) __trap();
    // The two halves of k: A's registers 0 and 1, then 2 and 3 ("Matrix Fragments for
    // mma.m16n8k8").
#pragma unroll
  for (int half = 0; half < 2; ++half)
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
#endif
}

// c += a * b, a sparse. Needs compute capability 8.0; below it the call ends the grid.
template <bool bf16, int selector>
__device__ __forceinline__ void mma_sp_m16n8k32(float (&c)[4], const uint32_t (&a)[4],
                                                const uint32_t (&b)[4], uint32_t metadata) {
#if __CUDA_ARCH__ >= 800
  if (bf16)
    asm volatile(
        "mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9, %10, %11}, {%0, %1, %2, %3}, %12, %13;"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]),
          "r"(metadata), "n"(selector));
  else
    asm volatile(
        "mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9, %10, %11}, {%0, %1, %2, %3}, %12, %13;"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]),
          "r"(metadata), "n"(selector));
#else
  __trap();
#endif
}

// Four 8 x 8 matrices of 16-bit elements from shared memory. Lane l brings the address of row l % 8
// of matrix l / 8, a multiple of 16; register i receives row g, columns 2 t and 2 t + 1 of matrix
// i.
__device__ __forceinline__ void load_matrices(uint32_t (&registers)[4], const void* row) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(address)
               : "memory");
}

// Copies 16 bytes from global into shared memory, or writes zeros if not `live`; both addresses are
// multiples of 16. Done when wait_for_copies says so; at once below compute capability 8.0.
__device__ __forceinline__ void copy16_async(void* shared, const void* global, bool live) {
#if __CUDA_ARCH__ >= 800
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(address), "l"(global), "r"(live ? 16 : 0)
               : "memory");
#else
  *static_cast<uint4*>(shared) =
      live ? __ldg(static_cast<const uint4*>(global)) : make_uint4(0, 0, 0, 0);
#endif
}

// Ends the calling thread's group of copies.
__device__ __forceinline__ void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits until at most the last `pending` groups of the calling thread are under way.
template <int pending>
__device__ __forceinline__ void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

#endif

}  // namespace espalier
