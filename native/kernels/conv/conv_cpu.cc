#include "kernels/conv/conv_cpu.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/backend.h"
#include "kernels/conv/tuning.h"

namespace espalier {
namespace {

constexpr uint64_t packed_magic = 0x31764e4f43505345;  // "ESPCONv1"

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

int64_t round_up(int64_t bytes) {
  return ceil_div(bytes, 64) * 64;
}

int64_t starts_bytes(const esp_conv2d_shape& s, const conv_plan& plan) {
  return round_up((plan.slabs * s.k + 1) * static_cast<int64_t>(sizeof(int32_t)));
}

int64_t weights_bytes(int64_t nonzeros) {
  return round_up(nonzeros * static_cast<int64_t>(sizeof(float)));
}

int64_t offsets_bytes(int64_t nonzeros) {
  return round_up((nonzeros + conv_offsets_ahead) * static_cast<int64_t>(sizeof(conv_offset)));
}

// Bytes of the lists of one plan.
int64_t plan_bytes(const esp_conv2d_shape& s, const conv_plan& plan, int64_t nonzeros) {
  return starts_bytes(s, plan) + weights_bytes(nonzeros) + offsets_bytes(nonzeros);
}

esp_conv2d_shape for_any_batch(esp_conv2d_shape shape) {
  shape.n = 0;
  return shape;
}

template <class T>
T* at_byte(void* base, int64_t offset) {
  return reinterpret_cast<T*>(static_cast<char*>(base) + offset);
}

// Whether the tiles of a flat plan may read the input where it lies: planes begin at cache lines,
// and those of neighbouring channels do not share the sets of a first-level cache (64 sets of 64
// bytes).
bool reads_in_place(const esp_conv2d_shape& s, const conv_plan& plan, const float* input) {
  const int64_t plane_bytes = s.w * static_cast<int64_t>(sizeof(float));
  return plan.flat != 0 && plane_bytes % 64 == 0 && reinterpret_cast<uintptr_t>(input) % 64 == 0 &&
         std::gcd(plane_bytes / 64, int64_t{64}) <= 4;
}

// Calls body(weight index, channel in group, r, s) for every kept weight of `output`, in order of
// its index.
template <class Body>
void for_each_kept(const conv2d_pack_call& call, const esp_conv2d_shape& s, int64_t output,
                   Body&& body) {
  const int64_t channels = s.c / s.groups;
  int64_t index = output * channels * s.r * s.s;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t r = 0; r < s.r; ++r)
      for (int64_t q = 0; q < s.s; ++q, ++index)
        if (conv_keeps(call.bits, index)) body(index, c, r, q);
}

// Writes the lists of one plan; returns the number of kept weights, and writes no weights if that
// is not call.nonzeros.
int64_t pack_for_plan(const conv2d_pack_call& call, const esp_conv2d_shape& s,
                      const conv_plan& plan, int32_t* starts) {
  float* const weights = at_byte<float>(starts, starts_bytes(s, plan));
  conv_offset* const offsets = at_byte<conv_offset>(weights, weights_bytes(call.nonzeros));
  std::memset(starts, 0, static_cast<size_t>(starts_bytes(s, plan)));
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t k = 0; k < s.k; ++k)
    for_each_kept(call, s, k, [&](int64_t, int64_t c, int64_t, int64_t) {
      ++starts[c / plan.slab_channels * s.k + k];
    });
  int64_t kept = 0;
  for (int64_t list = 0; list <= plan.slabs * s.k; ++list) {
    const int32_t count = starts[list];
    starts[list] = static_cast<int32_t>(kept);
    kept += count;
  }
  if (kept != call.nonzeros) return kept;
  std::fill_n(offsets + kept, conv_offsets_ahead, conv_offset{0});
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t k = 0; k < s.k; ++k) {
    int64_t slab = -1, next = 0;
    for_each_kept(call, s, k, [&](int64_t index, int64_t c, int64_t r, int64_t q) {
      if (c / plan.slab_channels != slab) {
        slab = c / plan.slab_channels;
        next = starts[slab * s.k + k];
      }
      const int64_t offset = conv_offset_of(plan, s, c % plan.slab_channels, r, q);
      offsets[next] = static_cast<conv_offset>(offset);
      weights[next++] = call.weight[index];
    });
  }
  return kept;
}

}  // namespace

int64_t conv_cpu_packed_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes) {
  const esp_conv2d_shape s = flatten_pointwise(shape);
  conv_plan plans[conv_plans];
  if (!make_conv_plans(s, nonzeros, lanes, plans)) return -1;
  const int64_t first =
      static_cast<int64_t>(sizeof(packed_conv)) + plan_bytes(s, plans[0], nonzeros);
  return are_same(plans[0], plans[1]) ? first : first + plan_bytes(s, plans[1], nonzeros);
}

int64_t conv_cpu_workspace_bytes(const esp_conv2d_shape& shape, int64_t nonzeros, int32_t lanes,
                                 int32_t threads) {
  const esp_conv2d_shape s = flatten_pointwise(shape);
  conv_plan plans[conv_plans];
  if (!make_conv_plans(s, nonzeros, lanes, plans)) return -1;
  return threads * plans[choose_conv_plan(plans, s, nonzeros)].scratch_bytes;
}

int32_t pack_conv2d_cpu(const conv2d_pack_call& call, int32_t lanes) {
  const esp_conv2d_shape s = flatten_pointwise(*call.shape);
  packed_conv* const header = static_cast<packed_conv*>(call.packed);
  std::memset(header, 0, sizeof(*header));
  header->nonzeros = call.nonzeros;
  header->shape = for_any_batch(*call.shape);
  make_conv_plans(s, call.nonzeros, lanes, header->plans);
  int64_t at = sizeof(packed_conv);
  for (const conv_plan& plan : header->plans) {
    if (&plan != header->plans && are_same(plan, header->plans[0])) break;
    const int64_t kept = pack_for_plan(call, s, plan, at_byte<int32_t>(header, at));
    ESP_REQUIRE(kept == call.nonzeros,
                "esp_conv2d_pack: nonzeros: expected the number of ones in bits, %lld, got %lld",
                static_cast<long long>(kept), static_cast<long long>(call.nonzeros));
    at += plan_bytes(s, plan, call.nonzeros);
  }
  header->magic = packed_magic;
  return ESP_OK;
}

int32_t run_conv2d_cpu(const conv2d_call& call, int32_t lanes, conv_tile_kernel kernel) {
  const packed_conv* const header = static_cast<const packed_conv*>(call.packed);
  const esp_conv2d_shape packed_for = for_any_batch(*call.shape),
                         s = flatten_pointwise(*call.shape);
  ESP_REQUIRE(header->magic == packed_magic && header->nonzeros == call.nonzeros &&
                  header->plans[0].lanes == lanes &&
                  std::memcmp(&header->shape, &packed_for, sizeof(packed_for)) == 0,
              "esp_conv2d: packed: expected weights packed for this shape, nonzeros and backend, "
              "got others; "
              "call esp_conv2d_pack with the same arguments");
  const int chosen = choose_conv_plan(header->plans, s, call.nonzeros);
  const conv_plan& plan = header->plans[chosen];
  ESP_TRY(check_workspace("esp_conv2d", call.workspace, call.threads * plan.scratch_bytes));
  const bool second = chosen == 1 && !are_same(header->plans[0], header->plans[1]);
  const char* const lists = reinterpret_cast<const char*>(header + 1) +
                            (second ? plan_bytes(s, header->plans[0], call.nonzeros) : 0);
  conv_problem problem{};
  problem.shape = &s;
  problem.plan = &plan;
  problem.input = call.input;
  problem.in_place = reads_in_place(s, plan, call.input);
  problem.starts = reinterpret_cast<const int32_t*>(lists);
  problem.weights = reinterpret_cast<const float*>(lists + starts_bytes(s, plan));
  problem.offsets = reinterpret_cast<const conv_offset*>(lists + starts_bytes(s, plan) +
                                                         weights_bytes(call.nonzeros));
  problem.epilogue = call.epilogue;
  problem.output = call.output;
  problem.far_output = s.n * s.k * plan.out_h * plan.out_w >= conv_far_floats;

  // A tile is packed once per chunk of outputs, so chunks are only as small as the threads demand.
  const int64_t group_outputs = s.k / s.groups, tiles = conv_tiles(plan, s);
  const int64_t wanted = ceil_div(int64_t{call.threads}, tiles);  // parts of a tile's work
  const int64_t groups = wanted == 1 ? s.groups : ceil_div(s.groups, 4 * wanted);
  const int64_t parts = ceil_div(s.groups, groups);
  const int64_t chunk = std::min(
      plan.chunk_outputs, std::max<int64_t>(1, ceil_div(group_outputs, ceil_div(wanted, parts))));
  const int64_t chunks = ceil_div(group_outputs, chunk), items = tiles * parts * chunks;
  char* const scratch = static_cast<char*>(call.workspace);
#pragma omp parallel num_threads(call.threads)
  {
    char* const own = scratch + plan.scratch_bytes * omp_get_thread_num();
#pragma omp for schedule(dynamic)
    for (int64_t item = 0; item < items; ++item) {
      const int64_t part = item / chunks % parts * groups, begin = item % chunks * chunk;
      kernel(problem,
             {item / chunks / parts, part, std::min(part + groups, s.groups), begin,
              std::min(begin + chunk, group_outputs)},
             own);
    }
  }
  return ESP_OK;
}

}  // namespace espalier
