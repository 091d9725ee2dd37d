// Importance of single elements and of channels; the contract is in espalier/kernels.h.
// Arguments are valid and item_count is at least 1 when a kernel is called.
#pragma once

#include "base/abi.h"

namespace espalier {

struct score_call {
  const esp_score_item* items;
  int32_t item_count;
  int32_t criterion;
  int32_t threads;
  void* stream;
};

struct score_channels_call {
  const esp_channel_item* items;
  int32_t item_count;
  int32_t criterion;
  int32_t norm;
  int32_t threads;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/score/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

// One past the last item of the channel group that begins at `first`.
inline int32_t group_end(const esp_channel_item* items, int32_t item_count, int32_t first) {
  int32_t end = first + 1;
  while (end < item_count && items[end].score == items[first].score &&
         items[end].channels == items[first].channels)
    ++end;
  return end;
}

}  // namespace espalier
