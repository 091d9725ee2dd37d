#include "base/status.h"

#include <cstdarg>
#include <cstdio>

namespace espalier {

int32_t fail(int32_t status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message_buffer(), message_capacity, format, arguments);
  va_end(arguments);
  return status;
}

}  // namespace espalier
