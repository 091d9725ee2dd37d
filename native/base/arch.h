// What this processor and its operating system can run.
#pragma once

namespace espalier {

// Null if code compiled with the flags of cmake/Isa.cmake can run here, otherwise the cause.
const char* avx2_unavailable();
const char* avx512_unavailable();

// True on Intel's processors: where kernels gain there from what loses on AMD's.
bool is_intel_processor();

}  // namespace espalier
