// binary16 and bfloat16 as 16-bit words: conversions to and from binary32, to the nearest and to
// even on a tie.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/host_device.h"

namespace espalier {
namespace {  // included by files with different instruction sets: nothing here may be shared

ESP_HOST_DEVICE inline uint32_t word_of_float(float value) {
  uint32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

ESP_HOST_DEVICE inline float float_of_word(uint32_t word) {
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

// Drops the `count` low bits of `word`, 1 <= count <= 31.
ESP_HOST_DEVICE inline uint32_t round_off(uint32_t word, uint32_t count) {
  const uint32_t half = 1u << (count - 1), kept = word >> count;
  const uint32_t rest = word & (2 * half - 1);
  return kept + (rest > half || (rest == half && (kept & 1u) != 0) ? 1u : 0u);
}

// ---- bfloat16: the upper half of a binary32 -----------------------------------------------------

ESP_HOST_DEVICE inline float float_of_bf16(uint16_t value) {
  return float_of_word(static_cast<uint32_t>(value) << 16);
}

ESP_HOST_DEVICE inline uint16_t bf16_of_float(float value) {
  const uint32_t word = word_of_float(value);
  if ((word & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(word >> 16 | 0x40u);
  return static_cast<uint16_t>(round_off(word, 16));
}

// ---- binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits -----------------------------------

ESP_HOST_DEVICE inline float float_of_f16(uint16_t value) {
  const uint32_t sign = static_cast<uint32_t>(value & 0x8000u) << 16;
  const uint32_t magnitude = value & 0x7fffu;
  if (magnitude >= 0x7c00u) return float_of_word(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  if (magnitude >= 0x400u) return float_of_word(sign | ((magnitude << 13) + (112u << 23)));
  const float tiny = static_cast<float>(magnitude) * 0x1p-24f;  // denormal: exact
  return sign == 0 ? tiny : -tiny;
}

ESP_HOST_DEVICE inline uint16_t f16_of_float(float value) {
  const uint32_t word = word_of_float(value), magnitude = word & 0x7fffffffu;
  const uint32_t sign = word >> 16 & 0x8000u;
  if (magnitude > 0x7f800000u)
    return static_cast<uint16_t>(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
  if (magnitude >= 0x47800000u) return static_cast<uint16_t>(sign | 0x7c00u);  // from 2^16 on
  if (magnitude >= 0x38800000u)  // from 2^-14 on; what rounds up to 2^16 becomes infinity
    return static_cast<uint16_t>(sign | round_off(magnitude - (112u << 23), 13));
  if (magnitude < 0x33000000u) return static_cast<uint16_t>(sign);  // below 2^-25
  const uint32_t exponent = magnitude >> 23, fraction = (magnitude & 0x7fffffu) | 0x800000u;
  return static_cast<uint16_t>(sign | round_off(fraction, 126u - exponent));
}

}  // namespace
}  // namespace espalier
