#include "kernels/gather/cpu_gather-inl.h"

static_assert(HWY_STATIC_TARGET == HWY_AVX2, "Highway compiles for another instruction set");

namespace espalier {

int32_t gather_bytes_avx2(const gather_call& call) {
  return gather(call);
}

}  // namespace espalier
