// Keeps the chosen indices of up to two axes of many tensors; the contract is in
// espalier/kernels.h. Arguments are valid and item_count is at least 1 when a kernel is called.
//
// A tensor is [outer, axis0, middle, axis1] cells of inner_bytes bytes:
//   out[o, i, m, j] = in[o, index0 ? index0[i] : i, m, index1 ? index1[j] : j]
#pragma once

#include "base/abi.h"

namespace espalier {

struct gather_call {
  const esp_gather_item* items;
  int32_t item_count;
  int32_t threads;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/gather/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

// Bytes that are copied together. Without index1 a row (o, i) is one run, otherwise a cell is.
inline int64_t gather_run_bytes(const esp_gather_item& item) {
  return item.index1 != nullptr ? item.inner_bytes : item.middle * item.axis1 * item.inner_bytes;
}

inline int64_t gather_out_bytes(const esp_gather_item& item) {
  return item.outer * item.out_axis0 * item.middle * item.out_axis1 * item.inner_bytes;
}

}  // namespace espalier
