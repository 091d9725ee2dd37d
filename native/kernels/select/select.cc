// Checks arguments and calls the kernel of the target.
#include "kernels/select/select.h"

#include "base/backend.h"
#include "base/check.h"

namespace espalier {
namespace {

int32_t check_select_items(const char* function, const esp_select_item* items, int32_t item_count,
                           int64_t* total) {
  ESP_REQUIRE(item_count >= 0, "%s: item_count: expected at least 0, got %d", function, item_count);
  ESP_REQUIRE(items != nullptr || item_count == 0, "%s: items: expected %d items, got NULL",
              function, item_count);
  for (int32_t i = 0; i < item_count; ++i) {
    ESP_TRY(add_count(function, i, items[i].count, total));
    ESP_REQUIRE(items[i].score != nullptr || items[i].count == 0,
                "%s: items[%d].score: expected a tensor, got NULL", function, i);
    ESP_TRY(check_item_aligned(function, i, "score", items[i].score, sizeof(float)));
  }
  return ESP_OK;
}

int64_t workspace_bytes(const esp_target& resolved) {
  switch (resolved.backend) {
    case ESP_BACKEND_REFERENCE: return 0;
    case ESP_BACKEND_CUDA: return sizeof(select_cuda_state);
    default: return static_cast<int64_t>(sizeof(select_cpu_part)) * resolved.threads;
  }
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int32_t esp_select(const esp_target* target, const esp_select_item* items, int32_t item_count,
                   int64_t k, esp_selection* selection, void* workspace, void* stream) {
  const char* function = "esp_select";
  esp_target resolved;
  const kernel_row* row;
  int64_t total = 0;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(find_kernel(function, "select", resolved, &row));
  ESP_TRY(check_select_items(function, items, item_count, &total));
  ESP_REQUIRE(k >= 0 && k <= total, "%s: k: expected 0 to %lld (all elements), got %lld", function,
              static_cast<long long>(total), static_cast<long long>(k));
  ESP_REQUIRE(selection != nullptr, "%s: selection: expected a result to write, got NULL",
              function);
  ESP_TRY(check_aligned(function, "selection", selection, alignof(esp_selection)));
  ESP_TRY(check_workspace(function, workspace, workspace_bytes(resolved)));
  return run_kernel(
      *row, select_call{items, item_count, k, selection, resolved.threads, workspace, stream});
}

int64_t esp_select_workspace_bytes(const esp_target* target, const esp_select_item*, int32_t) {
  esp_target resolved;
  if (resolve_target("esp_select_workspace_bytes", target, &resolved) != ESP_OK) return -1;
  return workspace_bytes(resolved);
}
