// What every .cu file includes: the CUDA runtime (or the SIMT shim in its place), launches and
// errors.
#pragma once

#ifdef ESPALIER_SIMT
#include "base/simt/cuda.h"
#define ESP_GRID_CONSTANT(type) const type&
#else
#include <cuda_runtime.h>
// A large kernel parameter, e.g. an item table: read in place, never copied by a thread.
#define ESP_GRID_CONSTANT(type) const __grid_constant__ type
#endif

#include "base/abi.h"
#include "base/status.h"

namespace espalier {

// Type of an ESP_GRID_CONSTANT parameter in a pointer to a kernel.
#ifdef ESPALIER_SIMT
template <class T>
using grid_constant = const T&;
#else
template <class T>
using grid_constant = T;
#endif

// Bytes of kernel parameters that one launch may carry (CUDA 12.1 and later, compute capability 7.0
// and later: 32764). Item tables leave room for the other parameters.
constexpr size_t launch_parameter_bytes = 32764;

// Errors after which the context is unusable, whatever is called next.
inline bool is_sticky(cudaError_t error) {
  switch (error) {
    case cudaErrorECCUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure: return true;
    default: return false;
  }
}

// Turns a runtime error into a status. cudaGetLastError clears an ordinary error; one that is still
// there afterwards, or is of a kind listed above, is sticky.
inline int32_t cuda_status(const char* what, cudaError_t error) {
  if (error == cudaSuccess) return ESP_OK;
  cudaGetLastError();
  const bool lost = is_sticky(error) || cudaGetLastError() != cudaSuccess;
  return fail(lost ? ESP_DEVICE_LOST : ESP_DEVICE_ERROR, "%s: expected success, got %s (%d)%s",
              what, cudaGetErrorString(error), static_cast<int>(error),
              lost ? "; the device is lost, restart the process" : "");
}

// Launches `kernel` on `stream` and reports launch errors under the kernel's name.
template <class... Parameters, class... Arguments>
int32_t launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, void* stream,
               const Arguments&... arguments) {
#ifdef ESPALIER_SIMT
  const simt::device_work work(name, stream, (sizeof(Parameters) + ... + 0));
  return cuda_status(name, simt::run_grid(grid, block, [&] { kernel(arguments...); }));
#else
  kernel<<<grid, block, 0, static_cast<cudaStream_t>(stream)>>>(arguments...);
  return cuda_status(name, cudaGetLastError());
#endif
}

}  // namespace espalier
