#include "kernels/conv_vector/conv_vector_cpu.h"

#include <omp.h>

#include <algorithm>
#include <cstring>

#include "base/arch.h"
#include "base/backend.h"

namespace espalier {
namespace {

constexpr uint64_t packed_magic = 0x31564e4f43505345;  // "ESPCONV1"

// Followed by int32 starts[blocks + 1], int32 offsets[vectors + vector_entries_ahead] and, from a
// multiple of 64 bytes on, float weights[vectors][16].
struct packed_vectors {
  uint64_t magic;
  int64_t vectors;
  esp_conv2d_shape shape;  // n = 0
  vector_plan plan;
};

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

int64_t weights_at(const esp_conv2d_shape& s, int64_t vectors) {
  const int64_t indices = (vector_blocks(s) + 1 + vectors + vector_entries_ahead) *
                          static_cast<int64_t>(sizeof(int32_t));
  return ceil_div(static_cast<int64_t>(sizeof(packed_vectors)) + indices, 64) * 64;
}

template <class T>
T* at_byte(void* base, int64_t offset) {
  return reinterpret_cast<T*>(static_cast<char*>(base) + offset);
}

esp_conv2d_shape for_any_batch(esp_conv2d_shape shape) {
  shape.n = 0;
  return shape;
}

bool has_short_offsets(const vector_plan& plan, const esp_conv2d_shape& s) {
  return s.c / s.groups * plan.channel_floats < int64_t{1} << 31;
}

// Writes the kept vectors of one block.
void pack_block(const conv2d_vector_pack_call& call, const vector_plan& plan, int64_t block,
                int32_t* offsets, float* weights) {
  const esp_conv2d_shape& s = *call.shape;
  const int64_t positions = vector_positions(s), live = vector_live_outputs(s, block);
  const float* const source = call.weight + vector_first_output(s, block) * positions;
  for (int64_t p = 0; p < positions; ++p) {
    if (!conv_keeps(call.bits, block * positions + p)) continue;
    const int64_t offset = vector_offset(plan, p / (s.r * s.s), p / s.s % s.r, p % s.s);
    *offsets++ = static_cast<int32_t>(offset);
    for (int64_t k = 0; k < vector_outputs; ++k)
      *weights++ = k < live ? source[k * positions + p] : 0.0f;
  }
}

}  // namespace

int64_t vector_cpu_packed_bytes(const esp_conv2d_shape& shape, int64_t vectors, int32_t lanes) {
  const esp_conv2d_shape s = flatten_pointwise_vector(shape);
  if (!has_short_offsets(make_vector_plan(s, vectors, lanes), s)) return -1;
  return weights_at(s, vectors) + vectors * vector_outputs * static_cast<int64_t>(sizeof(float));
}

int64_t vector_cpu_workspace_bytes(const esp_conv2d_shape& shape, int64_t vectors, int32_t lanes,
                                   int32_t threads) {
  const esp_conv2d_shape s = flatten_pointwise_vector(shape);
  return threads * make_vector_geometry(make_vector_plan(s, vectors, lanes), s).scratch_bytes;
}

int32_t pack_conv2d_vector_cpu(const conv2d_vector_pack_call& call, int32_t lanes) {
  const esp_conv2d_shape& s = *call.shape;
  const int64_t blocks = vector_blocks(s), positions = vector_positions(s);
  auto* const header = static_cast<packed_vectors*>(call.packed);
  std::memset(call.packed, 0, sizeof(*header));
  header->vectors = call.vectors;
  header->shape = for_any_batch(s);
  header->plan = make_vector_plan(flatten_pointwise_vector(s), call.vectors, lanes);
  int32_t* const starts = reinterpret_cast<int32_t*>(header + 1);
  int32_t* const offsets = starts + blocks + 1;
  float* const weights = at_byte<float>(call.packed, weights_at(s, call.vectors));
  int64_t kept = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    starts[b] = static_cast<int32_t>(kept);
    for (int64_t p = 0; p < positions; ++p)
      kept += conv_keeps(call.bits, b * positions + p) ? 1 : 0;
  }
  starts[blocks] = static_cast<int32_t>(kept);
  ESP_REQUIRE(
      kept == call.vectors,
      "esp_conv2d_vector_pack: vectors: expected the number of ones in bits, %lld, got %lld",
      static_cast<long long>(kept), static_cast<long long>(call.vectors));
  std::fill_n(offsets + kept, vector_entries_ahead, 0);
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t b = 0; b < blocks; ++b)
    pack_block(call, header->plan, b, offsets + starts[b], weights + starts[b] * vector_outputs);
  header->magic = packed_magic;
  return ESP_OK;
}

int32_t run_conv2d_vector_cpu(const conv2d_vector_call& call, int32_t lanes,
                              vector_tile_kernel kernel) {
  const auto* const header = static_cast<const packed_vectors*>(call.packed);
  const esp_conv2d_shape packed_for = for_any_batch(*call.shape),
                         s = flatten_pointwise_vector(*call.shape);
  ESP_REQUIRE(header->magic == packed_magic && header->vectors == call.vectors &&
                  header->plan.lanes == lanes &&
                  std::memcmp(&header->shape, &packed_for, sizeof(packed_for)) == 0,
              "esp_conv2d_vector: packed: expected weights packed for this shape, vectors and "
              "backend, got others; call esp_conv2d_vector_pack with the same arguments");
  const vector_geometry geometry = make_vector_geometry(header->plan, s);
  ESP_TRY(
      check_workspace("esp_conv2d_vector", call.workspace, call.threads * geometry.scratch_bytes));
  vector_problem problem{};
  problem.shape = &s;
  problem.plan = &header->plan;
  problem.geometry = &geometry;
  problem.input = call.input;
  problem.starts = reinterpret_cast<const int32_t*>(header + 1);
  problem.offsets = problem.starts + vector_blocks(s) + 1;
  problem.weights = reinterpret_cast<const float*>(static_cast<const char*>(call.packed) +
                                                   weights_at(s, call.vectors));
  problem.prefetch = is_intel_processor();
  problem.epilogue = call.epilogue;
  problem.output = call.output;

  // A tile is copied once per chunk of blocks, so chunks are only as small as the threads demand.
  const int64_t blocks = vector_group_blocks(s);
  const int64_t wanted =
      call.threads == 1 ? 1 : ceil_div(int64_t{2} * call.threads, geometry.tiles * s.groups);
  const int64_t chunk = ceil_div(blocks, std::min(blocks, wanted)),
                chunks = ceil_div(blocks, chunk);
  const int64_t items = geometry.tiles * s.groups * chunks;
  char* const scratch = static_cast<char*>(call.workspace);
#pragma omp parallel num_threads(call.threads)
  {
    char* const own = scratch + geometry.scratch_bytes * omp_get_thread_num();
#pragma omp for schedule(dynamic)
    for (int64_t item = 0; item < items; ++item) {
      const int64_t begin = item % chunks * chunk;
      kernel(problem,
             {item / chunks / s.groups, item / chunks % s.groups, begin,
              std::min(begin + chunk, blocks)},
             own);
    }
  }
  return ESP_OK;
}

}  // namespace espalier
