#include "kernels/conv_image16/conv_image16_tile-inl.h"

static_assert(HWY_STATIC_TARGET == HWY_AVX3, "Highway compiles for another instruction set");

namespace espalier {

int32_t image16_pack_f32_avx512(const image16_pack_call& call) {
  return pack_image16_cpu(call, HWY_STATIC_DISPATCH(kernels));
}

int32_t image16_unpack_f32_avx512(const image16_unpack_call& call) {
  return unpack_image16_cpu(call, HWY_STATIC_DISPATCH(kernels));
}

int32_t conv2d_image16_pack_element_f32_avx512(const conv2d_image16_pack_call& call) {
  return pack_conv2d_image16_cpu(call);
}

int32_t conv2d_image16_element_f32_avx512(const conv2d_image16_call& call) {
  return run_conv2d_image16_cpu(call, HWY_STATIC_DISPATCH(kernels));
}

int32_t conv2d_image16_weight_gradient_element_f32_avx512(
    const conv2d_image16_weight_gradient_call& call) {
  return run_weight_gradient_cpu(call, HWY_STATIC_DISPATCH(kernels));
}

}  // namespace espalier
