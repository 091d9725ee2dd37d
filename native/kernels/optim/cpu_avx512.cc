#include "kernels/optim/cpu_optim.h"

namespace espalier {

int32_t sgd_element_f32_avx512(const sgd_step_call& call) {
  return sgd_steps_by_momentum(call);
}

int32_t adam_element_f32_avx512(const adam_step_call& call) {
  return adam_steps(call);
}

}  // namespace espalier
