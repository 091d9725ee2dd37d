// What this processor and its operating system can run.
#pragma once

namespace espalier {

// Null if code compiled with the flags of cmake/Isa.cmake can run here, otherwise the cause.
const char* avx2_unavailable();
const char* avx512_unavailable();

}  // namespace espalier
