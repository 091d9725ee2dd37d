// Checks arguments and calls the kernel of the target.
#include "kernels/gather/gather.h"

#include "base/backend.h"
#include "base/check.h"

namespace espalier {
namespace {

int32_t check_axis(int32_t item, int axis_number, const int64_t* index, int64_t axis, int64_t out) {
  ESP_REQUIRE(index != nullptr || out == axis,
              "esp_gather: items[%d].out_axis%d: expected axis%d = %lld without an index, got %lld",
              item, axis_number, axis_number, static_cast<long long>(axis),
              static_cast<long long>(out));
  return ESP_OK;
}

// Only where the indices are host memory.
int32_t check_indices(int32_t item, int axis_number, const int64_t* index, int64_t axis,
                      int64_t out) {
  for (int64_t i = 0; index != nullptr && i < out; ++i)
    ESP_REQUIRE(index[i] >= 0 && index[i] < axis,
                "esp_gather: items[%d].index%d[%lld]: expected 0 to %lld, got %lld", item,
                axis_number, static_cast<long long>(i), static_cast<long long>(axis - 1),
                static_cast<long long>(index[i]));
  return ESP_OK;
}

int32_t check_item(const esp_gather_item& item, int32_t n, bool host) {
  ESP_REQUIRE(item.outer >= 0 && item.axis0 >= 0 && item.out_axis0 >= 0 && item.middle >= 0 &&
                  item.axis1 >= 0 && item.out_axis1 >= 0,
              "esp_gather: items[%d]: expected no negative size, got outer %lld, axis0 %lld -> "
              "%lld, middle %lld, axis1 %lld -> %lld",
              n, static_cast<long long>(item.outer), static_cast<long long>(item.axis0),
              static_cast<long long>(item.out_axis0), static_cast<long long>(item.middle),
              static_cast<long long>(item.axis1), static_cast<long long>(item.out_axis1));
  ESP_REQUIRE(item.inner_bytes >= 1,
              "esp_gather: items[%d].inner_bytes: expected at least 1, got %lld", n,
              static_cast<long long>(item.inner_bytes));
  const int64_t wide0 = item.axis0 > item.out_axis0 ? item.axis0 : item.out_axis0;
  const int64_t wide1 = item.axis1 > item.out_axis1 ? item.axis1 : item.out_axis1;
  ESP_REQUIRE(
      product_fits(most_elements, {item.outer, wide0, item.middle, wide1, item.inner_bytes}),
      "esp_gather: items[%d]: expected at most 2^40 bytes, got outer %lld, axis0 %lld -> %lld, "
      "middle %lld, axis1 %lld -> %lld, inner_bytes %lld",
      n, static_cast<long long>(item.outer), static_cast<long long>(item.axis0),
      static_cast<long long>(item.out_axis0), static_cast<long long>(item.middle),
      static_cast<long long>(item.axis1), static_cast<long long>(item.out_axis1),
      static_cast<long long>(item.inner_bytes));
  ESP_TRY(check_axis(n, 0, item.index0, item.axis0, item.out_axis0));
  ESP_TRY(check_axis(n, 1, item.index1, item.axis1, item.out_axis1));
  ESP_TRY(check_item_aligned("esp_gather", n, "index0", item.index0, alignof(int64_t)));
  ESP_TRY(check_item_aligned("esp_gather", n, "index1", item.index1, alignof(int64_t)));
  if (gather_out_bytes(item) == 0) return ESP_OK;
  ESP_REQUIRE(item.in != nullptr && item.out != nullptr,
              "esp_gather: items[%d]: expected no null pointer (%lld bytes), got NULL", n,
              static_cast<long long>(gather_out_bytes(item)));
  if (!host) return ESP_OK;
  ESP_TRY(check_indices(n, 0, item.index0, item.axis0, item.out_axis0));
  return check_indices(n, 1, item.index1, item.axis1, item.out_axis1);
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int32_t esp_gather(const esp_target* target, const esp_gather_item* items, int32_t item_count,
                   void*, void* stream) {
  const char* function = "esp_gather";
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(find_kernel(function, "gather", resolved, &row));
  ESP_REQUIRE(item_count >= 0, "%s: item_count: expected at least 0, got %d", function, item_count);
  ESP_REQUIRE(items != nullptr || item_count == 0, "%s: items: expected %d items, got NULL",
              function, item_count);
  int64_t total = 0;
  for (int32_t n = 0; n < item_count; ++n) {
    ESP_TRY(check_item(items[n], n, resolved.backend != ESP_BACKEND_CUDA));
    ESP_TRY(add_size(function, n, gather_out_bytes(items[n]), &total));
  }
  return item_count == 0
             ? ESP_OK
             : run_kernel(*row, gather_call{items, item_count, resolved.threads, stream});
}

int64_t esp_gather_workspace_bytes(const esp_target*, int32_t) {
  return 0;
}
