// One step of an optimiser over many masked tensors; the contract is in espalier/kernels.h.
// Arguments are valid and item_count is at least 1 when a kernel is called.
//
// The reference computes in binary64 and rounds what it stores. The others compute in binary32 with
// the operations of kernels/optim/formula.h, each rounded on its own, so that their results are the
// same to the bit, whatever the backend and the number of threads.
#pragma once

#include "base/abi.h"

namespace espalier {

struct sgd_step_call {
  const esp_sgd_item* items;
  int32_t item_count;
  const esp_sgd* settings;
  int32_t criterion;
  int32_t threads;
  void* stream;
};

struct adam_step_call {
  const esp_adam_item* items;
  int32_t item_count;
  const esp_adam* settings;
  int32_t criterion;
  int32_t threads;
  void* stream;
};

#define ESP_KERNEL_CPU(operation, isa, name) int32_t name(const operation##_call& call);
#define ESP_KERNEL_CUDA(operation, name) int32_t name(const operation##_call& call);
#include "kernels/optim/kernels.inc"
#undef ESP_KERNEL_CPU
#undef ESP_KERNEL_CUDA

}  // namespace espalier
