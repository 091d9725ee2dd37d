// Bisection over the order key: the smallest key that at least k elements do not exceed. Needs no
// workspace and 33 passes.
#include <cstring>
#include <limits>

#include "base/order_key.h"
#include "kernels/select/select.h"

namespace espalier {
namespace {

uint32_t bits_at(const esp_select_item& item, int64_t i) {
  uint32_t bits;
  std::memcpy(&bits, static_cast<const float*>(item.score) + i, sizeof bits);
  return bits;
}

bool find_nan(const select_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n)
    for (int64_t i = 0; i < call.items[n].count; ++i)
      if (is_nan_bits(bits_at(call.items[n], i))) {
        call.selection->nan_item = n;
        call.selection->nan_index = i;
        return true;
      }
  return false;
}

int64_t count_below(const select_call& call, uint64_t key) {
  int64_t below = 0;
  for (int32_t n = 0; n < call.item_count; ++n)
    for (int64_t i = 0; i < call.items[n].count; ++i)
      below += order_key(bits_at(call.items[n], i)) < key;
  return below;
}

}  // namespace

int32_t select_element_f32_reference(const select_call& call) {
  *call.selection = {-std::numeric_limits<float>::infinity(), -1, 0, 0, 0};
  if (find_nan(call) || call.k == 0) return ESP_OK;
  uint64_t low = 0, high = std::numeric_limits<uint32_t>::max();
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    if (count_below(call, middle + 1) >= call.k)
      high = middle;
    else
      low = middle + 1;
  }
  const uint32_t bits = bits_of_order_key(static_cast<uint32_t>(low));
  std::memcpy(&call.selection->value, &bits, sizeof bits);
  call.selection->below = count_below(call, low);
  call.selection->ties = call.k - call.selection->below;
  return ESP_OK;
}

}  // namespace espalier
