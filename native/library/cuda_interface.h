// What the CPU library asks of libespalier_kernels_cuda: one exported function, one table.
#pragma once

#include "base/backend.h"

namespace espalier {

struct cuda_interface {
  kernel_rows rows;
  int32_t (*device_count)();
};

using message_buffer_function = char* (*)();
// Exported as `espalier_cuda_interface`. The CUDA library writes its messages through `buffer`.
using cuda_interface_function = const cuda_interface* (*)(message_buffer_function buffer);

}  // namespace espalier
