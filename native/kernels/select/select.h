// The exact k-th smallest value over many tensors; the contract is in espalier/kernels.h.
//
// All backends but the reference narrow a prefix of the order key (base/order_key.h) in three
// passes over the tensors: a histogram of the next bits of the keys that begin with the prefix
// found so far, then the bin that holds the k-th. Arguments are valid when a kernel is called,
// item_count may be 0.
#pragma once

#include "base/abi.h"

namespace espalier {

struct select_call {
  const esp_select_item* items;
  int32_t item_count;
  int64_t k;
  esp_selection* selection;
  int32_t threads;
  void* workspace;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/select/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

// Bits of the key that each pass decides, from the top.
constexpr int select_passes = 3;
constexpr int select_pass_bits[select_passes] = {11, 11, 10};
constexpr int select_pass_shift[select_passes] = {21, 10, 0};
constexpr int select_bins = 2048;

// ---- workspace ----------------------------------------------------------------------------------

// Increments of one bin wait for each other, so neighbouring elements go to different copies.
constexpr int select_histogram_copies = 4;

// One CPU thread's part of the workspace.
struct alignas(64) select_cpu_part {
  uint64_t histogram[select_histogram_copies][select_bins];
  int64_t nan_item;  // -1: none
  int64_t nan_index;
};

// The CUDA workspace.
struct alignas(64) select_cuda_state {
  unsigned long long histogram[select_bins];
  unsigned long long nan_place;  // smallest (item << 40 | index), or all ones
  unsigned long long blocks_done;
  int64_t remaining;  // rank, from 1, of the k-th among the keys that begin with `prefix`
  int64_t below;      // keys below all those
  uint32_t prefix;
  uint32_t finished;  // the selection is written
};

}  // namespace espalier
