// The definition of the mask operations, one element at a time.
#include <cstring>

#include "base/order_key.h"
#include "kernels/mask/mask.h"

namespace espalier {
namespace {

bool bit_of(const void* bits, int64_t i) {
  return (static_cast<const uint32_t*>(bits)[i / 32] >> (i % 32) & 1u) != 0;
}

void put_bit(void* bits, int64_t i, bool on) {
  uint32_t* word = static_cast<uint32_t*>(bits) + i / 32;
  if (i % 32 == 0) *word = 0;
  *word |= (on ? 1u : 0u) << (i % 32);
}

}  // namespace

int32_t mask_build_f32_reference(const mask_build_call& call) {
  uint32_t bits;
  std::memcpy(&bits, &call.selection->value, sizeof bits);
  const uint32_t threshold = order_key(bits);
  int64_t ties = call.selection->ties;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_mask_build_item& item = call.items[n];
    for (int64_t i = 0; i < item.count; ++i) {
      const uint32_t key = order_key(static_cast<const uint32_t*>(item.score)[i]);
      const bool tied = key == threshold && ties > 0;
      if (tied) --ties;
      put_bit(item.bits, i, key >= threshold && !tied);
    }
  }
  return ESP_OK;
}

int32_t mask_pack_u8_reference(const mask_pack_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n)
    for (int64_t i = 0; i < call.items[n].count; ++i)
      put_bit(call.items[n].bits, i, static_cast<const uint8_t*>(call.items[n].bytes)[i] != 0);
  return ESP_OK;
}

int32_t mask_unpack_u8_reference(const mask_unpack_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n)
    for (int64_t i = 0; i < call.items[n].count; ++i)
      static_cast<uint8_t*>(call.items[n].bytes)[i] = bit_of(call.items[n].bits, i) ? 1 : 0;
  return ESP_OK;
}

int32_t mask_apply_f32_reference(const mask_apply_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n)
    for (int64_t i = 0; i < call.items[n].count; ++i)
      if (!bit_of(call.items[n].bits, i)) static_cast<float*>(call.items[n].values)[i] = 0.0f;
  return ESP_OK;
}

int32_t mask_count_reference(const mask_count_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n) {
    call.kept[n] = 0;
    for (int64_t i = 0; i < call.items[n].count; ++i)
      call.kept[n] += bit_of(call.items[n].bits, i) ? 1 : 0;
  }
  return ESP_OK;
}

}  // namespace espalier
