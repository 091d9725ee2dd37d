#include "base/arch.h"

#include <cpuid.h>

#include <cstdint>

namespace espalier {
namespace {

struct cpuid_words {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

cpuid_words cpuid(uint32_t leaf) {
  cpuid_words w;
  __get_cpuid_count(leaf, 0, &w.eax, &w.ebx, &w.ecx, &w.edx);
  return w;
}

// Extended control register 0: the register files that the operating system saves.
uint64_t saved_state() {
  uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

constexpr uint64_t sse_avx_state = 0x6;  // XMM, YMM
constexpr uint64_t avx512_state = 0xe0;  // opmask, ZMM 0-15 upper halves, ZMM 16-31
constexpr uint32_t leaf1_ecx = bit_PCLMUL | bit_FMA | bit_POPCNT | bit_AES | bit_AVX | bit_F16C;
constexpr uint32_t leaf7_ebx_avx2 = bit_BMI | bit_AVX2 | bit_BMI2;
constexpr uint32_t leaf7_ebx_avx512 =
    bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL;
constexpr uint32_t extended_ecx_lzcnt = 1u << 5;

const char* find_avx2_cause() {
  const uint32_t ecx = cpuid(1).ecx;
  if ((ecx & bit_OSXSAVE) == 0)
    return "the operating system does not save AVX state (OSXSAVE is off)";
  if ((saved_state() & sse_avx_state) != sse_avx_state)
    return "the operating system does not save YMM registers";
  if ((ecx & leaf1_ecx) != leaf1_ecx)
    return "the processor lacks one of AVX, FMA, F16C, POPCNT, AES, PCLMUL";
  if ((cpuid(7).ebx & leaf7_ebx_avx2) != leaf7_ebx_avx2)
    return "the processor lacks one of AVX2, BMI1, BMI2";
  if ((cpuid(0x80000001u).ecx & extended_ecx_lzcnt) == 0) return "the processor lacks LZCNT";
  return nullptr;
}

const char* find_avx512_cause() {
  if (const char* cause = avx2_unavailable()) return cause;
  if ((saved_state() & avx512_state) != avx512_state)
    return "the operating system does not save ZMM registers";
  if ((cpuid(7).ebx & leaf7_ebx_avx512) != leaf7_ebx_avx512)
    return "the processor lacks one of AVX-512 F, DQ, CD, BW, VL";
  return nullptr;
}

}  // namespace

const char* avx2_unavailable() {
  static const char* const cause = find_avx2_cause();
  return cause;
}

const char* avx512_unavailable() {
  static const char* const cause = find_avx512_cause();
  return cause;
}

bool is_intel_processor() {
  static const bool intel = cpuid(0).ebx == signature_INTEL_ebx;
  return intel;
}

}  // namespace espalier
