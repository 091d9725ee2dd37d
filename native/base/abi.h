// The public header with its functions visible outside the library; everything else is hidden.
#pragma once

#pragma GCC visibility push(default)
#include "espalier/kernels.h"
#pragma GCC visibility pop
