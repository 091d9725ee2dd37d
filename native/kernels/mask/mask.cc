// Checks arguments and calls the kernel of the target.
#include "kernels/mask/mask.h"

#include <array>

#include "base/backend.h"
#include "base/check.h"

namespace espalier {
namespace {

int32_t check_count(const char* function, const void* items, int32_t item_count) {
  ESP_REQUIRE(item_count >= 0, "%s: item_count: expected at least 0, got %d", function, item_count);
  ESP_REQUIRE(items != nullptr || item_count == 0, "%s: items: expected %d items, got NULL",
              function, item_count);
  return ESP_OK;
}

// One tensor of an item.
struct operand {
  const char* name;
  const void* pointer;
  uintptr_t alignment;
};

// Checks the items; operands(item) lists the tensors of one.
template <class Item, class Operands>
int32_t check_items(const char* function, const Item* items, int32_t item_count,
                    Operands&& operands) {
  ESP_TRY(check_count(function, items, item_count));
  int64_t total = 0;
  for (int32_t i = 0; i < item_count; ++i) {
    ESP_TRY(add_count(function, i, items[i].count, &total));
    for (const operand& o : operands(items[i])) {
      ESP_REQUIRE(items[i].count == 0 || o.pointer != nullptr,
                  "%s: items[%d]: expected no null pointer (count %lld), got NULL", function, i,
                  static_cast<long long>(items[i].count));
      ESP_TRY(check_item_aligned(function, i, o.name, o.pointer, o.alignment));
    }
  }
  return ESP_OK;
}

// Resolves the target, finds the kernel and runs it unless there is nothing to do.
template <class Call>
int32_t run(const char* function, const char* operation, const esp_target* target, Call call) {
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(find_kernel(function, operation, resolved, &row));
  call.threads = resolved.threads;
  return call.item_count == 0 ? ESP_OK : run_kernel(*row, call);
}

int64_t build_workspace_bytes(const esp_target& resolved, const esp_mask_build_item* items,
                              int32_t item_count) {
  switch (resolved.backend) {
    case ESP_BACKEND_REFERENCE: return 0;
    case ESP_BACKEND_CUDA: return 8 * chunk_count(items, item_count, mask_chunk_cuda);
    default: return 8 * chunk_count(items, item_count, mask_chunk_cpu);
  }
}

std::array<operand, 2> build_operands(const esp_mask_build_item& item) {
  return {{{"score", item.score, sizeof(float)}, {"bits", item.bits, sizeof(uint32_t)}}};
}

int32_t check_selection(const esp_target& resolved, const esp_selection* selection) {
  ESP_REQUIRE(selection != nullptr, "esp_mask_build: selection: expected a selection, got NULL");
  ESP_TRY(check_aligned("esp_mask_build", "selection", selection, alignof(esp_selection)));
  if (resolved.backend == ESP_BACKEND_CUDA) return ESP_OK;  // it lives on the device
  ESP_REQUIRE(selection->nan_item < 0,
              "esp_mask_build: selection: expected scores that are numbers, got NaN in item %d at "
              "index %lld",
              selection->nan_item, static_cast<long long>(selection->nan_index));
  ESP_REQUIRE(selection->ties >= 0, "esp_mask_build: selection.ties: expected at least 0, got %lld",
              static_cast<long long>(selection->ties));
  return ESP_OK;
}

std::array<operand, 2> pack_operands(const esp_mask_pack_item& item) {
  return {{{"bytes", item.bytes, 1}, {"bits", item.bits, sizeof(uint32_t)}}};
}

std::array<operand, 2> apply_operands(const esp_mask_apply_item& item) {
  return {{{"values", item.values, sizeof(float)}, {"bits", item.bits, sizeof(uint32_t)}}};
}

std::array<operand, 1> count_operands(const esp_mask_count_item& item) {
  return {{{"bits", item.bits, sizeof(uint32_t)}}};
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int32_t esp_mask_build(const esp_target* target, const esp_mask_build_item* items,
                       int32_t item_count, const esp_selection* selection, void* workspace,
                       void* stream) {
  const char* function = "esp_mask_build";
  esp_target resolved;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(check_items(function, items, item_count, build_operands));
  ESP_TRY(check_selection(resolved, selection));
  ESP_TRY(check_workspace(function, workspace, build_workspace_bytes(resolved, items, item_count)));
  return run(function, "mask_build", target,
             mask_build_call{items, item_count, selection, 1, workspace, stream});
}

int64_t esp_mask_build_workspace_bytes(const esp_target* target, const esp_mask_build_item* items,
                                       int32_t item_count) {
  const char* function = "esp_mask_build_workspace_bytes";
  esp_target resolved;
  if (resolve_target(function, target, &resolved) != ESP_OK) return -1;
  if (check_items(function, items, item_count, build_operands) != ESP_OK) return -1;
  return build_workspace_bytes(resolved, items, item_count);
}

int32_t esp_mask_pack(const esp_target* target, const esp_mask_pack_item* items, int32_t item_count,
                      void*, void* stream) {
  ESP_TRY(check_items("esp_mask_pack", items, item_count, pack_operands));
  return run("esp_mask_pack", "mask_pack", target, mask_pack_call{items, item_count, 1, stream});
}

int32_t esp_mask_unpack(const esp_target* target, const esp_mask_pack_item* items,
                        int32_t item_count, void*, void* stream) {
  ESP_TRY(check_items("esp_mask_unpack", items, item_count, pack_operands));
  return run("esp_mask_unpack", "mask_unpack", target,
             mask_unpack_call{items, item_count, 1, stream});
}

int32_t esp_mask_apply(const esp_target* target, const esp_mask_apply_item* items,
                       int32_t item_count, void*, void* stream) {
  ESP_TRY(check_items("esp_mask_apply", items, item_count, apply_operands));
  return run("esp_mask_apply", "mask_apply", target, mask_apply_call{items, item_count, 1, stream});
}

int32_t esp_mask_count(const esp_target* target, const esp_mask_count_item* items,
                       int32_t item_count, int64_t* kept, void*, void* stream) {
  ESP_TRY(check_items("esp_mask_count", items, item_count, count_operands));
  ESP_REQUIRE(kept != nullptr || item_count == 0,
              "esp_mask_count: kept: expected int64 of %d items, got NULL", item_count);
  ESP_TRY(check_aligned("esp_mask_count", "kept", kept, alignof(int64_t)));
  return run("esp_mask_count", "mask_count", target,
             mask_count_call{items, item_count, kept, 1, stream});
}

int64_t esp_mask_workspace_bytes(const esp_target*, int32_t) {
  return 0;
}
