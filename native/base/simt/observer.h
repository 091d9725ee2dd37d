// Tells a test what the host asks of the device: launches and memory operations, with their stream.
#pragma once

#include <cstddef>

namespace espalier::simt {

// One operation on the device. `begin` is called before it runs, `end` after.
struct observer {
  void (*begin)(const char* name, void* stream, size_t parameter_bytes);
  void (*end)();
};

// Around an operation on the device.
class device_work {
 public:
  device_work(const char* name, void* stream, size_t parameter_bytes);
  ~device_work();
  device_work(const device_work&) = delete;
  device_work& operator=(const device_work&) = delete;
};

}  // namespace espalier::simt

// Exported by the SIMT build of the CUDA library. NULL ends the observation.
extern "C" void espalier_simt_observe(const espalier::simt::observer* by);
// Compute capability that the device seems to have, before the point.
extern "C" void espalier_simt_set_capability(int major);
