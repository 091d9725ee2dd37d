#include "base/simt/observer.h"

#include "base/simt/scheduler.h"

namespace espalier::simt {
namespace {

const observer* observing = nullptr;

}  // namespace

device_work::device_work(const char* name, void* stream, size_t parameter_bytes) {
  if (observing != nullptr) observing->begin(name, stream, parameter_bytes);
}

device_work::~device_work() {
  if (observing != nullptr) observing->end();
}

}  // namespace espalier::simt

extern "C" __attribute__((visibility("default"))) void espalier_simt_observe(
    const espalier::simt::observer* by) {
  espalier::simt::observing = by;
}

extern "C" __attribute__((visibility("default"))) void espalier_simt_set_capability(int major) {
  espalier::simt::capability_major = major;
}
