#include "kernels/conv_vector/conv_vector_tile-inl.h"

static_assert(HWY_STATIC_TARGET == HWY_AVX2, "Highway compiles for another instruction set");

namespace espalier {

int32_t conv2d_vector16_pack_f32_avx2(const conv2d_vector_pack_call& call) {
  return pack_conv2d_vector_cpu(call, 8);
}

int32_t conv2d_vector16_f32_avx2(const conv2d_vector_call& call) {
  return run_conv2d_vector_cpu(call, 8, &HWY_STATIC_DISPATCH(run_vector_tile));
}

}  // namespace espalier
