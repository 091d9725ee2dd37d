#include "kernels/mask/cpu_mask-inl.h"

static_assert(HWY_STATIC_TARGET == HWY_AVX2, "Highway compiles for another instruction set");

namespace espalier {

int32_t mask_build_f32_avx2(const mask_build_call& call) {
  return build(call);
}

int32_t mask_pack_u8_avx2(const mask_pack_call& call) {
  return pack(call);
}

int32_t mask_unpack_u8_avx2(const mask_unpack_call& call) {
  return unpack(call);
}

int32_t mask_apply_f32_avx2(const mask_apply_call& call) {
  return apply(call);
}

int32_t mask_count_avx2(const mask_count_call& call) {
  return count(call);
}

}  // namespace espalier
