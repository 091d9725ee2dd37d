// The kernel table and the choice of a kernel from a target.
#pragma once

#include <cstdint>

#include "base/abi.h"
#include "base/status.h"

namespace espalier {

// One row of a kernels.inc, with the kernel's type erased. All kernels of one operation share the
// type int32_t(const <operation>_call&).
struct kernel_row {
  const char* operation;
  const char* name;
  int32_t backend;
  void (*kernel)();
};

struct kernel_rows {
  const kernel_row* rows;
  int32_t count;
};

// The rows of the CPU library, in the order of the kernels.inc files.
kernel_rows cpu_kernel_rows();
// Rows of the opened CUDA library, or none.
kernel_rows cuda_kernel_rows();

// Checks `target` and turns ESP_BACKEND_AUTO into the fastest CPU backend that runs here.
// `function` is the public function's name, for the message.
int32_t resolve_target(const char* function, const esp_target* target, esp_target* resolved);

// The first row of `operation` for the resolved backend; ESP_UNSUPPORTED if there is none.
int32_t find_kernel(const char* function, const char* operation, const esp_target& resolved,
                    const kernel_row** row);

// Refuses a workspace that is missing though `bytes` are needed, or not aligned to 64 bytes.
int32_t check_workspace(const char* function, const void* workspace, int64_t bytes);

template <class Call>
int32_t run_kernel(const kernel_row& row, const Call& call) {
  return reinterpret_cast<int32_t (*)(const Call&)>(row.kernel)(call);
}

const char* backend_name(int32_t backend);

}  // namespace espalier
