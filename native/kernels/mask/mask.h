// Bit masks: built from scores, converted, applied and counted; the contract is in
// espalier/kernels.h. Arguments are valid and item_count is at least 1 when a kernel is called.
//
//   build   bit i = score[i] >= value, except that the first `ties` elements equal to value in
//           (item, index) order are 0; compared as select does, by base/order_key.h
//   apply   value[i] = bit i ? value[i] : +0
//
// A selection that names a NaN is refused by the CPU backends; CUDA, which cannot look at it
// without waiting for the device, keeps every element.
#pragma once

#include "base/abi.h"

namespace espalier {

struct mask_build_call {
  const esp_mask_build_item* items;
  int32_t item_count;
  const esp_selection* selection;
  int32_t threads;
  void* workspace;
  void* stream;
};

struct mask_pack_call {
  const esp_mask_pack_item* items;
  int32_t item_count;
  int32_t threads;
  void* stream;
};
using mask_unpack_call = mask_pack_call;

struct mask_apply_call {
  const esp_mask_apply_item* items;
  int32_t item_count;
  int32_t threads;
  void* stream;
};

struct mask_count_call {
  const esp_mask_count_item* items;
  int32_t item_count;
  int64_t* kept;
  int32_t threads;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/mask/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

// Elements of one item that a CPU thread or a CUDA block takes at a time; whole words. The build
// needs one int64 of workspace for each.
constexpr int64_t mask_chunk_cpu = 1 << 15;
constexpr int64_t mask_chunk_cuda = 1 << 13;

template <class Item>
int64_t chunk_count(const Item* items, int32_t item_count, int64_t chunk) {
  int64_t chunks = 0;
  for (int32_t i = 0; i < item_count; ++i) chunks += (items[i].count + chunk - 1) / chunk;
  return chunks;
}

}  // namespace espalier
