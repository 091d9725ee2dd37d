#include "kernels/conv/conv_cpu.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/backend.h"

namespace espalier {
namespace {

constexpr uint64_t packed_magic = 0x31764e4f43505345;  // "ESPCONv1"

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

int64_t entries_at(const esp_conv2d_shape& s, const conv_plan& plan) {
  return ceil_div(static_cast<int64_t>(sizeof(packed_conv)) + 4 * s.k * (plan.lists + 1), 64) * 64;
}

int64_t workspace_bytes(const conv_geometry& geometry, int32_t threads) {
  return threads * geometry.scratch_floats * static_cast<int64_t>(sizeof(float));
}

esp_conv2d_shape for_any_batch(esp_conv2d_shape shape) {
  shape.n = 0;
  return shape;
}

// Whether a tile of a flattened pointwise convolution may read the input where it lies: planes
// begin at cache lines, and those of neighbouring channels do not share the sets of a first-level
// cache (64 sets of 64 bytes).
bool reads_in_place(const esp_conv2d_shape& s, const conv_geometry& geometry, const float* input) {
  const int64_t plane_bytes = s.w * static_cast<int64_t>(sizeof(float));
  return s.h == 1 && s.r * s.s == 1 && s.stride_w == 1 && s.pad_left + s.pad_right == 0 &&
         geometry.images == 1 && plane_bytes % 64 == 0 &&
         reinterpret_cast<uintptr_t>(input) % 64 == 0 &&
         std::gcd(plane_bytes / 64, int64_t{64}) <= 4;
}

// Calls body(list, weight index, channel in group, r, s) for every kept weight of `output`, in
// order of its index.
template <class Body>
void for_each_kept(const conv2d_pack_call& call, const esp_conv2d_shape& s, const conv_plan& plan,
                   int64_t output, Body&& body) {
  const int64_t channels = s.c / s.groups;
  int64_t index = output * channels * s.r * s.s;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t r = 0; r < s.r; ++r)
      for (int64_t q = 0; q < s.s; ++q, ++index)
        if (conv_keeps(call.bits, index)) body(c / plan.list_channels, index, c, r, q);
}

}  // namespace

int64_t conv_cpu_packed_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes) {
  const esp_conv2d_shape s = flatten_pointwise(shape);
  const conv_plan plan = make_conv_plan(s, nonzeros, lanes);
  if (plan.lanes == 0) return -1;
  return entries_at(s, plan) + nonzeros * static_cast<int64_t>(sizeof(conv_entry));
}

int64_t conv_cpu_workspace_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes,
                                 int32_t threads) {
  const esp_conv2d_shape s = flatten_pointwise(shape);
  const conv_plan plan = make_conv_plan(s, nonzeros, lanes);
  return plan.lanes == 0 ? -1 : workspace_bytes(make_conv_geometry(plan, s, nonzeros), threads);
}

int32_t pack_conv2d_cpu(const conv2d_pack_call& call, int32_t lanes) {
  const esp_conv2d_shape s = flatten_pointwise(*call.shape);
  packed_conv* const header = static_cast<packed_conv*>(call.packed);
  std::memset(header, 0, sizeof(*header));
  header->nonzeros = call.nonzeros;
  header->shape = for_any_batch(*call.shape);
  header->plan = make_conv_plan(s, call.nonzeros, lanes);
  const conv_plan& plan = header->plan;
  const conv_geometry geometry = make_conv_geometry(plan, s, call.nonzeros);
  int32_t* const starts = reinterpret_cast<int32_t*>(header + 1);
  conv_entry* const entries =
      reinterpret_cast<conv_entry*>(static_cast<char*>(call.packed) + entries_at(s, plan));

  // starts[list + 1][k] counts its list, then holds the end of it.
  std::memset(starts, 0, static_cast<size_t>((plan.lists + 1) * s.k) * sizeof(int32_t));
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t k = 0; k < s.k; ++k)
    for_each_kept(call, s, plan, k, [&](int64_t list, int64_t, int64_t, int64_t, int64_t) {
      ++starts[(list + 1) * s.k + k];
    });
  int64_t kept = 0;
  for (int64_t k = 0; k < s.k; ++k) {
    for (int64_t list = 0; list <= plan.lists; ++list) {
      kept += starts[list * s.k + k];
      starts[list * s.k + k] = static_cast<int32_t>(kept);
    }
  }
  ESP_REQUIRE(kept == call.nonzeros,
              "esp_conv2d_pack: nonzeros: expected the number of ones in bits, %lld, got %lld",
              static_cast<long long>(kept), static_cast<long long>(call.nonzeros));
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t k = 0; k < s.k; ++k) {
    conv_entry* next = entries + starts[k];
    for_each_kept(call, s, plan, k, [&](int64_t, int64_t index, int64_t c, int64_t r, int64_t q) {
      *next++ = {static_cast<int32_t>(conv_entry_offset(plan, geometry, s, c, r, q)),
                 call.weight[index]};
    });
  }
  header->magic = packed_magic;
  return ESP_OK;
}

int32_t run_conv2d_cpu(const conv2d_call& call, int32_t lanes, conv_tile_kernel kernel) {
  const packed_conv* const header = static_cast<const packed_conv*>(call.packed);
  const conv_plan& plan = header->plan;
  const esp_conv2d_shape packed_for = for_any_batch(*call.shape),
                         s = flatten_pointwise(*call.shape);
  ESP_REQUIRE(header->magic == packed_magic && header->nonzeros == call.nonzeros &&
                  plan.lanes == lanes &&
                  std::memcmp(&header->shape, &packed_for, sizeof(packed_for)) == 0,
              "esp_conv2d: packed: expected weights packed for this shape, nonzeros and backend, "
              "got others; "
              "call esp_conv2d_pack with the same arguments");
  const conv_geometry geometry = make_conv_geometry(plan, s, call.nonzeros);
  ESP_TRY(check_workspace("esp_conv2d", call.workspace, workspace_bytes(geometry, call.threads)));
  conv_problem problem{};
  problem.shape = &s;
  problem.plan = &plan;
  problem.geometry = &geometry;
  problem.input = call.input;
  problem.in_place = reads_in_place(s, geometry, call.input);
  problem.starts = reinterpret_cast<const int32_t*>(header + 1);
  problem.entries = reinterpret_cast<const conv_entry*>(static_cast<const char*>(call.packed) +
                                                        entries_at(s, plan));
  problem.epilogue = call.epilogue;
  problem.output = call.output;

  // A tile is packed once per chunk of outputs, so chunks are only as small as the threads demand.
  const int64_t group_outputs = s.k / s.groups;
  const int64_t wanted = ceil_div(int64_t{call.threads}, geometry.tiles * s.groups);
  const int64_t chunk =
      std::min(geometry.chunk_outputs, std::max<int64_t>(1, ceil_div(group_outputs, wanted)));
  const int64_t chunks = ceil_div(group_outputs, chunk), items = geometry.tiles * s.groups * chunks;
  float* const scratch = static_cast<float*>(call.workspace);
#pragma omp parallel num_threads(call.threads)
  {
    float* const own = scratch + geometry.scratch_floats * omp_get_thread_num();
#pragma omp for schedule(dynamic)
    for (int64_t item = 0; item < items; ++item) {
      const int64_t tile = item / chunks / s.groups, group = item / chunks % s.groups,
                    begin = item % chunks * chunk;
      kernel(problem, {tile, group, begin, std::min(begin + chunk, group_outputs)}, own);
    }
  }
  return ESP_OK;
}

}  // namespace espalier
