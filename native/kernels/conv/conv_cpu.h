// The vectorised CPU kernels: what the portable driver (conv_cpu.cc) and the tile kernels that are
// compiled per instruction set (conv_tile-inl.h) share.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/conv_plan.h"

namespace espalier {

struct conv_problem {
  const esp_conv2d_shape* shape;  // flattened if pointwise
  const conv_plan* plan;
  const float* input;
  bool in_place;          // flat: planes of the input serve as slabs
  const int32_t* starts;  // [slab][output] -> first kept weight, and the end
  const float* weights;
  const conv_offset* offsets;
  esp_epilogue epilogue;
  float* output;
  bool far_output;  // larger than a second-level cache
};

// Outputs [output_begin, output_end) of each of the groups [group_begin, group_end), over one tile;
// tiles are numbered over all images.
struct conv_tile {
  int64_t tile, group_begin, group_end, output_begin, output_end;
};

using conv_tile_kernel = void (*)(const conv_problem&, const conv_tile&, void* scratch);

int32_t pack_conv2d_cpu(const conv2d_pack_call& call, int32_t lanes);
int32_t run_conv2d_cpu(const conv2d_call& call, int32_t lanes, conv_tile_kernel kernel);
// -1 if no plan fits.
int64_t conv_cpu_packed_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes);
int64_t conv_cpu_workspace_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes,
                                 int32_t threads);

}  // namespace espalier
