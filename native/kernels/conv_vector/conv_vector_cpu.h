// The vectorised CPU kernels: what the portable driver (conv_vector_cpu.cc) and the tile kernels
// that are compiled per instruction set (conv_vector_tile-inl.h) share.
#pragma once

#include "kernels/conv_vector/conv_vector.h"
#include "kernels/conv_vector/conv_vector_plan.h"

namespace espalier {

// Consecutive pixels of one row of a tile.
struct vector_unit {
  int64_t output;  // first pixel in the output plane of channel 0 of the tile's first image
  int32_t slab;    // first pixel in the slab
  int32_t pixels;  // that exist: fewer than plan.micro.unit at the end of a row
};

// One vector of a plane in the slab: `count` neighbours of the input plane, spread over its lanes.
struct vector_spread {
  int64_t source;
  int32_t count;
  int32_t from[16];  // lane of the loaded neighbours, by lane
};

struct vector_problem {
  const esp_conv2d_shape* shape;  // flattened if pointwise
  const vector_plan* plan;
  const vector_geometry* geometry;
  const float* input;
  const int32_t* starts;   // [blocks + 1]: first kept vector
  const int32_t* offsets;  // [vectors]: floats into the slab
  const float* weights;    // [vectors][16]
  bool prefetch;           // activations of kept vectors
  esp_epilogue epilogue;
  float* output;
};

// Blocks [block_begin, block_end) of `group`, over one tile; tiles are numbered over all images.
struct vector_tile {
  int64_t tile, group, block_begin, block_end;
};

using vector_tile_kernel = void (*)(const vector_problem&, const vector_tile&, void* scratch);

int32_t pack_conv2d_vector_cpu(const conv2d_vector_pack_call& call, int32_t lanes);
int32_t run_conv2d_vector_cpu(const conv2d_vector_call& call, int32_t lanes,
                              vector_tile_kernel kernel);
// -1 if the slab is too large for offsets of 32 bits.
int64_t vector_cpu_packed_bytes(const esp_conv2d_shape& shape, int64_t vectors, int32_t lanes);
int64_t vector_cpu_workspace_bytes(const esp_conv2d_shape& shape, int64_t vectors, int32_t lanes,
                                   int32_t threads);

}  // namespace espalier
