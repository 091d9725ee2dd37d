// Shapes that the tests of the convolutions share.
#pragma once

#include "espalier/kernels.h"

namespace espalier::test {

// n images of c channels, size x size, k outputs, a kernel x kernel kernel, padded to keep the size
// of odd kernels.
inline esp_conv2d_shape square(int64_t n, int64_t c, int64_t size, int64_t k, int64_t kernel) {
  const int64_t pad = kernel / 2;
  return {n, c, size, size, k, kernel, kernel, 1, 1, pad, pad, pad, pad, 1, 1, 1};
}

}  // namespace espalier::test
