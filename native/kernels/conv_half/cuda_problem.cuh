// What the packing and the convolution kernels are told, and the check of the device.
#pragma once

#include "base/cuda.h"
#include "kernels/conv_half/conv_half_packed.h"

namespace espalier {

struct half_problem {
  esp_conv2d_shape shape;
  int32_t dtype, vector;
  half_plan plan;
  half_packed packed;
};

struct half_run {
  half_problem problem;
  const uint16_t* input;
  const char* packed;
  esp_epilogue epilogue;
  uint16_t* output;
  int64_t out_h, out_w;
  int64_t tiles_h, tiles_w;
  int64_t parts;      // of the outputs of a group
  bool asynchronous;  // the input can be read 16 bytes at a time
  bool wide_stores;   // so can the output and the residual
};

namespace {

// The pixels of one block: first image, output row and output column.
struct block_place {
  int64_t image, row, column, group;

  __device__ explicit block_place(const half_run& r) {
    const int64_t tile = blockIdx.x, tiles = r.tiles_h * r.tiles_w;
    image = tile / tiles * r.problem.plan.images;
    row = tile % tiles / r.tiles_w * r.problem.plan.rows.tile;
    column = tile % r.tiles_w * r.problem.plan.cols.tile;
    group = blockIdx.y / r.parts;
  }
};

inline int32_t describe_half(const char* function, const esp_conv2d_half_layout& l, int64_t vectors,
                             half_problem* p) {
  int device = 0, major = 0;
  ESP_TRY(cuda_status(function, cudaGetDevice(&device)));
  ESP_TRY(cuda_status(function,
                      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device)));
  const bool pairs = l.pattern == ESP_PATTERN_TWO_OF_FOUR;
  if (major < 8 && (pairs || l.dtype == ESP_DTYPE_BF16))
    return fail(ESP_UNSUPPORTED,
                "%s: %s: expected a device of compute capability 8.0 or later for %s, got %d.x",
                function, pairs ? "layout.pattern" : "layout.dtype",
                pairs ? "ESP_PATTERN_TWO_OF_FOUR" : "ESP_DTYPE_BF16", major);
  *p = {l.shape, l.dtype, l.vector, {}, {}};
  make_half_plan(l.shape, &p->plan);  // it fits: the size of the packed form was asked for
  p->packed = make_half_packed(l, p->plan, vectors);
  return ESP_OK;
}

}  // namespace
}  // namespace espalier
