// What the public functions refuse; `function` is their name, for the message.
#pragma once

#include <cstdint>

#include "base/abi.h"

namespace espalier {

int32_t image16_check_extents(const char* function, const esp_image16* extents);
int32_t image16_check_direction(const char* function, const char* name, int32_t direction);
int32_t image16_check_layout(const char* function, const esp_conv2d_image16_layout* layout,
                             int64_t nonzeros);

}  // namespace espalier
