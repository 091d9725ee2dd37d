// The vectorised CPU kernels: what the portable driver (conv_cpu.cc) and the tile kernels that are
// compiled per instruction set (conv_tile-inl.h) share.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/conv_plan.h"

namespace espalier {

struct conv_problem {
  const esp_conv2d_shape* shape;  // flattened if pointwise
  const conv_plan* plan;
  const conv_geometry* geometry;
  const float* input;
  bool in_place;          // pointwise: planes of the input serve as slabs
  const int32_t* starts;  // [list][output] -> first entry; row `lists` holds the ends
  const conv_entry* entries;
  esp_epilogue epilogue;
  float* output;
};

// Outputs [output_begin, output_end) of `group`, over one tile; tiles are numbered over all images.
struct conv_tile {
  int64_t tile, group, output_begin, output_end;
};

using conv_tile_kernel = void (*)(const conv_problem&, const conv_tile&, float* scratch);

int32_t pack_conv2d_cpu(const conv2d_pack_call& call, int32_t lanes);
int32_t run_conv2d_cpu(const conv2d_call& call, int32_t lanes, conv_tile_kernel kernel);
// -1 if no plan fits.
int64_t conv_cpu_packed_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes);
int64_t conv_cpu_workspace_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes,
                                 int32_t threads);

}  // namespace espalier
