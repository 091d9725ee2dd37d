// What a convolution does to a sum before storing it: argument check and definition. The vectorised
// form is epilogue-inl.h.
#pragma once

#include <cmath>

#include "base/abi.h"
#include "base/host_device.h"
#include "base/status.h"

namespace espalier {

// `epilogue` may be NULL: nothing is done. `function` is the public function's name, for the
// message.
inline int32_t check_epilogue(const char* function, const esp_epilogue* epilogue,
                              esp_epilogue* resolved) {
  *resolved = epilogue == nullptr ? esp_epilogue{} : *epilogue;
  ESP_REQUIRE(resolved->activation >= ESP_ACTIVATION_NONE &&
                  resolved->activation <= ESP_ACTIVATION_HARD_SWISH,
              "%s: epilogue.activation: expected ESP_ACTIVATION_* (0 to 4), got %d", function,
              resolved->activation);
  return ESP_OK;
}

// The definition, meant in double precision; not-a-number passes.
template <class Real>
ESP_HOST_DEVICE inline Real activate(Real x, int32_t activation) {
  switch (activation) {
    case ESP_ACTIVATION_RELU: return x < 0 ? 0 : x;
    case ESP_ACTIVATION_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case ESP_ACTIVATION_SILU: return x / (1 + std::exp(-x));
    case ESP_ACTIVATION_HARD_SWISH: return x <= -3 ? 0 * x : x >= 3 ? x : x * (x + 3) / 6;
    default: return x;
  }
}

}  // namespace espalier
