// Packs weights into the form that conv_half_packed.h describes, on the device.
#include "base/half.h"
#include "kernels/conv_half/cuda_problem.cuh"

namespace espalier {
namespace {

constexpr int pack_threads = 256;
constexpr int pack_warps = pack_threads / 32;
constexpr unsigned all_lanes = 0xffffffffu;

__device__ uint16_t narrow(int32_t dtype, float value) {
  return dtype == ESP_DTYPE_BF16 ? bf16_of_float(value) : f16_of_float(value);
}

__device__ bool keeps(const uint32_t* bits, int64_t i) {
  return bits == nullptr || (bits[i / 32] >> (i % 32) & 1u) != 0;
}

// ---- vectors ------------------------------------------------------------------------------------

// The mask bits of one list: a contiguous range.
struct list_range {
  int64_t block, first_channel;
  int64_t begin, end;

  __device__ list_range(const half_problem& p, int64_t list) {
    const int64_t taps = p.shape.r * p.shape.s, channels = p.shape.c / p.shape.groups;
    block = list / p.plan.chunks;
    first_channel = list % p.plan.chunks * p.plan.channels;
    const int64_t past = first_channel + p.plan.channels;
    begin = (block * channels + first_channel) * taps;
    end = (block * channels + (past < channels ? past : channels)) * taps;
  }
};

// starts[list + 1] = steps of the list. A warp per list.
__global__ void __launch_bounds__(pack_threads)
    half_count(const half_problem p, const uint32_t* bits, int32_t* starts) {
  const int64_t list = blockIdx.x * int64_t{pack_warps} + threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  if (blockIdx.x == 0 && threadIdx.x == 0) starts[0] = 0;
  if (list >= p.packed.lists) return;
  const list_range range(p, list);
  int kept = 0;
  for (int64_t i = range.begin + lane; i < range.end; i += 32) kept += keeps(bits, i) ? 1 : 0;
  for (int step = 16; step > 0; step /= 2) kept += __shfl_xor_sync(all_lanes, kept, step);
  if (lane == 0) starts[list + 1] = (kept + half_step - 1) / half_step;
}

// Inclusive sum of values[0, count), no more than `most`. One block.
__global__ void __launch_bounds__(pack_threads)
    half_sum(int32_t* values, int64_t count, int64_t most) {
  __shared__ int32_t sums[pack_warps];
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  int64_t before = 0;
  for (int64_t first = 0; first < count; first += pack_threads) {
    const int64_t i = first + threadIdx.x;
    int32_t sum = i < count ? values[i] : 0;
    for (int step = 1; step < 32; step *= 2) {
      const int32_t other = __shfl_up_sync(all_lanes, sum, step);
      if (lane >= step) sum += other;
    }
    if (lane == 31) sums[warp] = sum;
    __syncthreads();
    int64_t all = 0, lower = before;
    for (int w = 0; w < pack_warps; ++w) {
      if (w < warp) lower += sums[w];
      all += sums[w];
    }
    if (i < count) values[i] = static_cast<int32_t>(lower + sum < most ? lower + sum : most);
    before += all;
    __syncthreads();
  }
}

// Kept vectors of a list by channel class, and where each goes.
struct slot_order {
  int32_t counts[4];
  int32_t capacity;  // rows of one column, over all steps of the list

  // Column and row of the vector that is number `rank` of its class; what its own column has no
  // room for takes the rows that other columns leave free, in order.
  __device__ void place(int32_t own, int32_t rank, int32_t* column, int32_t* row) const {
    *column = own;
    *row = rank;
    if (rank < capacity) return;
    int32_t left = rank - capacity;
    for (int32_t t = 0; t < own; ++t) left += counts[t] > capacity ? counts[t] - capacity : 0;
    for (int32_t t = 0; t < 4; ++t) {
      const int32_t free = counts[t] < capacity ? capacity - counts[t] : 0;
      *column = t;
      *row = counts[t] + left;
      if (left < free) return;
      left -= free;
    }
  }
};

// Writes one vector, at row `row` of column `column` of its list.
__device__ void write_vector(const half_problem& p, const list_range& range, int64_t i,
                             const float* weight, int64_t step, int32_t column, int32_t row,
                             uint16_t* offsets, uint16_t* values) {
  const esp_conv2d_shape& s = p.shape;
  const int64_t taps = s.r * s.s, at = i - range.begin, positions = half_positions(s);
  const auto tap = static_cast<int32_t>(at % taps), width = static_cast<int32_t>(s.s);
  const int32_t offset = half_tap_offset(p.plan, tap / width, tap % width);
  offsets[(step * 4 + column) * 4 + row] = static_cast<uint16_t>(offset + at / taps);
  const int64_t group_outputs = s.k / s.groups;
  const int64_t in_group = range.block % p.packed.blocks * p.vector;
  const int64_t first = range.block / p.packed.blocks * group_outputs + in_group;
  const int64_t position = range.first_channel * taps + at;
  for (int32_t k = 0; k < p.vector; ++k) {
    const int32_t lane = k % 8 * 4 + column, part = row / 2 * 4 + k % 16 / 8 * 2 + row % 2;
    const float value =
        in_group + k < group_outputs ? weight[(first + k) * positions + position] : 0.0f;
    values[((step * (p.vector / 16) + k / 16) * 32 + lane) * 8 + part] = narrow(p.dtype, value);
  }
}

// Writes the lists. A warp per list.
__global__ void __launch_bounds__(pack_threads)
    half_fill(const half_problem p, const float* weight, const uint32_t* bits,
              const int32_t* starts, uint16_t* offsets, uint16_t* values) {
  const int64_t list = blockIdx.x * int64_t{pack_warps} + threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  if (list >= p.packed.lists) return;
  const list_range range(p, list);
  const int64_t taps = p.shape.r * p.shape.s, begin = starts[list], end = starts[list + 1];
  slot_order order = {};
  int32_t all = 0;
  for (int64_t first = range.begin; first < range.end; first += 32) {
    const int64_t i = first + lane;
    const bool kept = i < range.end && keeps(bits, i);
    for (int32_t t = 0; t < 4; ++t) {
      const bool own = kept && (i - range.begin) / taps / 2 % 4 == t;
      const int32_t found = __popc(__ballot_sync(all_lanes, own));
      order.counts[t] += found;
      all += found;
    }
  }
  order.capacity = (all + half_step - 1) / half_step * 4;
  for (int64_t slot = begin * half_step + lane; slot < end * half_step; slot += 32)
    offsets[slot] = static_cast<uint16_t>(p.plan.channels + 2 * (slot / 4 % 4));
  const int64_t step_values = int64_t{half_step} * p.vector;
  for (int64_t v = begin * step_values + lane; v < end * step_values; v += 32) values[v] = 0;
  __syncwarp();
  int32_t ranks[4] = {};
  for (int64_t first = range.begin; first < range.end; first += 32) {
    const int64_t i = first + lane;
    const bool kept = i < range.end && keeps(bits, i);
    for (int32_t t = 0; t < 4; ++t) {
      const bool own = kept && (i - range.begin) / taps / 2 % 4 == t;
      const unsigned ballot = __ballot_sync(all_lanes, own);
      int32_t column = 0, row = 0;
      order.place(t, ranks[t] + __popc(ballot & ((1u << lane) - 1u)), &column, &row);
      if (own && begin + row / 4 < end)
        write_vector(p, range, i, weight, begin + row / 4, column, row % 4, offsets, values);
      ranks[t] += __popc(ballot);
    }
  }
}

// ---- 2:4 ----------------------------------------------------------------------------------------

// The pair of one output of a block, four channels of a step, and the values of its weights.
struct packed_pair {
  uint32_t places;  // four bits of metadata
  uint32_t values;

  __device__ packed_pair(const half_problem& p, const float* weight, const uint32_t* bits,
                         int64_t block, int64_t step, int64_t output, int64_t four) {
    const esp_conv2d_shape& s = p.shape;
    const int64_t taps = s.r * s.s, channels = s.c / s.groups, group_outputs = s.k / s.groups;
    const int64_t k = block % p.packed.blocks * half_pair_outputs + output;
    const int64_t c = step / taps * half_pair_channels + four * 4;
    places = 0u | 1u << 2;
    values = 0;
    if (k >= group_outputs || c >= channels) return;
    const int64_t row = block / p.packed.blocks * group_outputs + k;
    const int64_t first = (row * channels + c) * taps + step % taps;
    const half_pair pair = half_choose_pair(weight, bits, first, taps);
    places = static_cast<uint32_t>(pair.place[0] | pair.place[1] << 2);
    for (int i = 0; i < 2; ++i)
      if (pair.kept[i])
        values |= static_cast<uint32_t>(narrow(p.dtype, weight[first + pair.place[i] * taps]))
                  << (16 * i);
  }
};

// A thread per lane of a fragment of 16 outputs and one step.
__global__ void __launch_bounds__(pack_threads)
    half_pack_pairs(const half_problem p, const float* weight, const uint32_t* bits, uint4* values,
                    uint32_t* metadata, int32_t* taps) {
  const int64_t i = blockIdx.x * int64_t{pack_threads} + threadIdx.x;
  const int64_t lane = i % 32, tile = i / 32 % 4, at = i / 128;
  const int64_t block = at / p.packed.steps, step = at % p.packed.steps;
  if (i < p.shape.r * p.shape.s)  // there are 128 threads per tap
    taps[i] = half_tap_offset(p.plan, static_cast<int32_t>(i / p.shape.s),
                              static_cast<int32_t>(i % p.shape.s));
  if (block >= p.shape.groups * p.packed.blocks) return;
  uint32_t registers[4];
  for (int64_t r = 0; r < 4; ++r)
    registers[r] = packed_pair(p, weight, bits, block, step, tile * 16 + lane / 4 + 8 * (r % 2),
                               lane % 4 + 4 * (r / 2))
                       .values;
  values[i] = make_uint4(registers[0], registers[1], registers[2], registers[3]);
  if (tile % 2 != 0) return;
  const int64_t described = tile + lane % 4 / 2;  // the selector
  uint32_t word = 0;
  for (int64_t n = 0; n < 8; ++n)
    word |= packed_pair(p, weight, bits, block, step, described * 16 + lane / 4 + 8 * (n / 4),
                        lane % 2 * 4 + n % 4)
                .places
            << (4 * n);
  metadata[(at * 2 + tile / 2) * 32 + lane] = word;
}

}  // namespace

int32_t conv2d_pack_sparse_half_cuda(const conv2d_half_pack_call& call) {
  const char* name = "conv2d_pack_sparse_half_cuda";
  half_problem p;
  ESP_TRY(describe_half("esp_conv2d_half_pack", *call.layout, call.vectors, &p));
  char* const packed = static_cast<char*>(call.packed);
  if (call.layout->pattern == ESP_PATTERN_TWO_OF_FOUR) {
    const int64_t threads = p.shape.groups * p.packed.blocks * p.packed.steps * 128;
    const dim3 grid(static_cast<unsigned>(half_ceil_div(threads, pack_threads)));
    return launch(name, &half_pack_pairs, grid, pack_threads, call.stream, p, call.weight,
                  call.bits, reinterpret_cast<uint4*>(packed),
                  reinterpret_cast<uint32_t*>(packed + p.packed.metadata_at),
                  reinterpret_cast<int32_t*>(packed + p.packed.taps_at));
  }
  auto* starts = reinterpret_cast<int32_t*>(packed);
  const dim3 grid(static_cast<unsigned>(half_ceil_div(p.packed.lists, pack_warps)));
  ESP_TRY(launch(name, &half_count, grid, pack_threads, call.stream, p, call.bits, starts));
  ESP_TRY(launch(name, &half_sum, 1, pack_threads, call.stream, starts, p.packed.lists + 1,
                 p.packed.steps));
  return launch(name, &half_fill, grid, pack_threads, call.stream, p, call.weight, call.bits,
                starts, reinterpret_cast<uint16_t*>(packed + p.packed.offsets_at),
                reinterpret_cast<uint16_t*>(packed + p.packed.values_at));
}

}  // namespace espalier
