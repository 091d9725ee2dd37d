// Floats as unsigned integers in the same order, so that comparisons are exact whatever the
// rounding and denormal modes of the machine are.
#pragma once

#include <cstdint>

#include "base/host_device.h"

namespace espalier {
namespace {  // included by files with different instruction sets: nothing here may be shared

constexpr uint32_t float_sign = 0x80000000u;
constexpr uint32_t float_infinity = 0x7f800000u;

// From the bits of a float that is not NaN. -0 has the key of +0.
ESP_HOST_DEVICE inline uint32_t order_key(uint32_t bits) {
  if (bits == float_sign) bits = 0;
  return bits & float_sign ? ~bits : bits | float_sign;
}

// Bits of the float that has this key.
ESP_HOST_DEVICE inline uint32_t bits_of_order_key(uint32_t key) {
  return key & float_sign ? key & ~float_sign : ~key;
}

ESP_HOST_DEVICE inline bool is_nan_bits(uint32_t bits) {
  return (bits & ~float_sign) > float_infinity;
}

}  // namespace
}  // namespace espalier
