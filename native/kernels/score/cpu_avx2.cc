#include "kernels/score/cpu_channels.h"

namespace espalier {

int32_t score_element_f32_avx2(const score_call& call) {
  return score_elements_by_criterion(call);
}

int32_t score_channel_f32_avx2(const score_channels_call& call) {
  return score_channels_by_criterion(call);
}

}  // namespace espalier
