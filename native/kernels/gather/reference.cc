// The definition of gather, one cell at a time.
#include <cstring>

#include "kernels/gather/gather.h"

namespace espalier {

int32_t gather_bytes_reference(const gather_call& call) {
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_gather_item& item = call.items[n];
    const char* in = static_cast<const char*>(item.in);
    char* out = static_cast<char*>(item.out);
    for (int64_t o = 0; o < item.outer; ++o)
      for (int64_t i = 0; i < item.out_axis0; ++i)
        for (int64_t m = 0; m < item.middle; ++m)
          for (int64_t j = 0; j < item.out_axis1; ++j, out += item.inner_bytes) {
            const int64_t from0 = item.index0 != nullptr ? item.index0[i] : i;
            const int64_t from1 = item.index1 != nullptr ? item.index1[j] : j;
            const int64_t cell = ((o * item.axis0 + from0) * item.middle + m) * item.axis1 + from1;
            std::memcpy(out, in + cell * item.inner_bytes, static_cast<size_t>(item.inner_bytes));
          }
  }
  return ESP_OK;
}

}  // namespace espalier
