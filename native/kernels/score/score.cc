// Checks arguments and calls the kernel of the target.
#include "kernels/score/score.h"

#include "base/backend.h"
#include "base/check.h"

namespace espalier {
namespace {

bool reads_weight(int32_t criterion) {
  return criterion == ESP_CRITERION_MAGNITUDE || criterion == ESP_CRITERION_TAYLOR;
}

bool reads_gradient(int32_t criterion) {
  return criterion != ESP_CRITERION_MAGNITUDE;
}

int32_t check_items(const char* function, const void* items, int32_t item_count,
                    int32_t criterion) {
  ESP_REQUIRE(item_count >= 0, "%s: item_count: expected at least 0, got %d", function, item_count);
  ESP_REQUIRE(items != nullptr || item_count == 0, "%s: items: expected %d items, got NULL",
              function, item_count);
  ESP_REQUIRE(criterion >= ESP_CRITERION_MAGNITUDE && criterion <= ESP_CRITERION_TAYLOR,
              "%s: criterion: expected 0 to %d, got %d", function, ESP_CRITERION_TAYLOR, criterion);
  return ESP_OK;
}

// Pointers of an item that is not empty.
template <class Item>
int32_t check_pointers(const char* function, const Item& item, int32_t index, int32_t criterion) {
  ESP_REQUIRE(item.weight != nullptr || !reads_weight(criterion),
              "%s: items[%d].weight: expected a tensor (criterion %d reads it), got NULL", function,
              index, criterion);
  ESP_REQUIRE(item.gradient != nullptr || !reads_gradient(criterion),
              "%s: items[%d].gradient: expected a tensor (criterion %d reads it), got NULL",
              function, index, criterion);
  ESP_REQUIRE(item.score != nullptr, "%s: items[%d].score: expected a tensor, got NULL", function,
              index);
  if (reads_weight(criterion))
    ESP_TRY(check_item_aligned(function, index, "weight", item.weight, sizeof(float)));
  if (reads_gradient(criterion))
    ESP_TRY(check_item_aligned(function, index, "gradient", item.gradient, sizeof(float)));
  return check_item_aligned(function, index, "score", item.score, sizeof(float));
}

int32_t check_score_items(const score_call& call) {
  const char* function = "esp_score";
  ESP_TRY(check_items(function, call.items, call.item_count, call.criterion));
  int64_t total = 0;
  for (int32_t i = 0; i < call.item_count; ++i) {
    const esp_score_item& item = call.items[i];
    ESP_TRY(add_count(function, i, item.count, &total));
    if (item.count > 0) ESP_TRY(check_pointers(function, item, i, call.criterion));
  }
  return ESP_OK;
}

int32_t check_channel_shape(const char* function, const esp_channel_item& item, int32_t index) {
  ESP_REQUIRE(item.channels >= 1 && item.outer >= 0 && item.inner >= 0,
              "%s: items[%d]: expected outer >= 0, channels >= 1, inner >= 0, got %lld, %lld, %lld",
              function, index, static_cast<long long>(item.outer),
              static_cast<long long>(item.channels), static_cast<long long>(item.inner));
  ESP_REQUIRE(product_fits(most_elements, {item.outer, item.channels, item.inner}),
              "%s: items[%d]: expected outer * channels * inner of at most 2^40, got %lld * %lld * "
              "%lld",
              function, index, static_cast<long long>(item.outer),
              static_cast<long long>(item.channels), static_cast<long long>(item.inner));
  ESP_REQUIRE(item.outer <= 1 || item.outer_stride >= item.channels * item.inner,
              "%s: items[%d].outer_stride: expected at least channels * inner = %lld, got %lld",
              function, index, static_cast<long long>(item.channels * item.inner),
              static_cast<long long>(item.outer_stride));
  ESP_REQUIRE(item.outer <= 1 || product_fits(most_elements, {item.outer, item.outer_stride}),
              "%s: items[%d].outer_stride: expected outer * outer_stride of at most 2^40, got %lld "
              "* %lld",
              function, index, static_cast<long long>(item.outer),
              static_cast<long long>(item.outer_stride));
  return ESP_OK;
}

int32_t check_channel_items(const score_channels_call& call) {
  const char* function = "esp_score_channels";
  ESP_TRY(check_items(function, call.items, call.item_count, call.criterion));
  ESP_REQUIRE(call.norm >= ESP_NORM_L1 && call.norm <= ESP_NORM_LINF,
              "%s: norm: expected 0 to %d, got %d", function, ESP_NORM_LINF, call.norm);
  int64_t total = 0;
  for (int32_t i = 0; i < call.item_count; ++i) {
    const esp_channel_item& item = call.items[i];
    ESP_TRY(check_channel_shape(function, item, i));
    ESP_TRY(add_size(function, i, item.outer * item.channels * item.inner, &total));
    ESP_REQUIRE(item.score != nullptr, "%s: items[%d].score: expected a tensor, got NULL", function,
                i);
    ESP_TRY(check_item_aligned(function, i, "score", item.score, sizeof(float)));
    if (item.outer * item.inner > 0) ESP_TRY(check_pointers(function, item, i, call.criterion));
  }
  return ESP_OK;
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int32_t esp_score(const esp_target* target, const esp_score_item* items, int32_t item_count,
                  int32_t criterion, void*, void* stream) {
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(resolve_target("esp_score", target, &resolved));
  ESP_TRY(find_kernel("esp_score", "score", resolved, &row));
  const score_call call = {items, item_count, criterion, resolved.threads, stream};
  ESP_TRY(check_score_items(call));
  return item_count == 0 ? ESP_OK : run_kernel(*row, call);
}

int64_t esp_score_workspace_bytes(const esp_target*, int32_t) {
  return 0;
}

int32_t esp_score_channels(const esp_target* target, const esp_channel_item* items,
                           int32_t item_count, int32_t criterion, int32_t norm, void*,
                           void* stream) {
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(resolve_target("esp_score_channels", target, &resolved));
  ESP_TRY(find_kernel("esp_score_channels", "score_channels", resolved, &row));
  const score_channels_call call = {items, item_count, criterion, norm, resolved.threads, stream};
  ESP_TRY(check_channel_items(call));
  return item_count == 0 ? ESP_OK : run_kernel(*row, call);
}

int64_t esp_score_channels_workspace_bytes(const esp_target*, const esp_channel_item*, int32_t) {
  return 0;
}
