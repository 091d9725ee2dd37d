// The three passes on the device: no host synchronisation, the same result on every run (only
// integer atomics). The last block of a pass chooses the bin and prepares the next pass.
#include "base/cuda_table.h"
#include "base/order_key.h"
#include "kernels/select/select.h"
#include "kernels/select/tuning.h"

namespace espalier {
namespace {

using namespace select_tuning;

constexpr int warp = 32;
constexpr int warps = block_threads / warp;
constexpr int bins_per_thread = select_bins / block_threads;
constexpr int place_bits = 40;  // of an index in nan_place
constexpr unsigned long long no_place = ~0ull;

struct select_entry {
  const float* score;
  int64_t count;
  int64_t item;
};

using select_table = launch_table<select_entry, items>;
static_assert(sizeof(select_table) + 64 <= launch_parameter_bytes,
              "the table travels in the parameters");

// ---- histogram ----------------------------------------------------------------------------------

// Counts one thread's keys into shared memory; a run of equal bins costs one atomic operation.
template <int pass>
struct run_counter {
  unsigned* histogram;
  uint32_t prefix;
  uint32_t bin = 0;
  unsigned run = 0;

  __device__ run_counter(unsigned* bins, uint32_t wanted) : histogram(bins), prefix(wanted) {}

  __device__ void add(uint32_t bits) {
    const uint32_t key = order_key(bits);
    constexpr int above = pass == 0 ? 0 : select_pass_shift[pass == 0 ? 0 : pass - 1];
    if (pass > 0 && key >> above != prefix) return;
    const uint32_t next = key >> select_pass_shift[pass] & ((1u << select_pass_bits[pass]) - 1);
    if (next != bin) {
      flush();
      bin = next;
    }
    ++run;
  }

  __device__ void flush() {
    if (run > 0) atomicAdd(&histogram[bin], run);
    run = 0;
  }
};

// Counts elements [begin, end) of a tensor; returns the index of this thread's first NaN, or
// no_place.
template <int pass>
__device__ unsigned long long count_tile(const select_entry& item, int64_t begin, int64_t end,
                                         run_counter<pass>& counter) {
  unsigned long long nan = no_place;
  const auto visit = [&](float value, int64_t i) {
    const uint32_t bits = __float_as_uint(value);
    if (pass == 0 && is_nan_bits(bits) && static_cast<unsigned long long>(i) < nan)
      nan = static_cast<unsigned long long>(i);
    counter.add(bits);
  };
  const bool aligned = reinterpret_cast<uintptr_t>(item.score) % sizeof(float4) == 0;
  const int64_t vector_end = aligned ? begin + (end - begin) / 4 * 4 : begin;
  for (int64_t i = begin + 4 * static_cast<int64_t>(threadIdx.x); i < vector_end;
       i += 4 * block_threads) {
    const float4 v = *reinterpret_cast<const float4*>(item.score + i);
    visit(v.x, i);
    visit(v.y, i + 1);
    visit(v.z, i + 2);
    visit(v.w, i + 3);
  }
  for (int64_t i = vector_end + threadIdx.x; i < end; i += block_threads) visit(item.score[i], i);
  counter.flush();
  return nan;
}

// ---- choice of the bin --------------------------------------------------------------------------

// Sum of `value` over the threads before this one.
__device__ unsigned long long sum_before(unsigned long long value) {
  __shared__ unsigned long long warp_sums[warps];
  const unsigned lane = threadIdx.x % warp, mine = threadIdx.x / warp;
  unsigned long long sum = value;
  for (unsigned step = 1; step < warp; step *= 2) {
    const unsigned long long other = __shfl_up_sync(0xffffffffu, sum, step);
    if (lane >= step) sum += other;
  }
  if (lane == warp - 1) warp_sums[mine] = sum;
  __syncthreads();
  for (unsigned w = 0; w < mine; ++w) sum += warp_sums[w];
  return sum - value;
}

__device__ void write_selection(const select_cuda_state& state, esp_selection* selection) {
  selection->value = __uint_as_float(bits_of_order_key(state.prefix));
  selection->below = state.below;
  selection->ties = state.remaining;
}

// The thread whose bins hold the remaining-th key narrows the prefix.
template <int pass>
__device__ void narrow(select_cuda_state* state, esp_selection* selection) {
  const int first = static_cast<int>(threadIdx.x) * bins_per_thread;
  unsigned long long counts[bins_per_thread], mine = 0;
  for (int b = 0; b < bins_per_thread; ++b) {
    counts[b] = __ldcg(&state->histogram[first + b]);
    state->histogram[first + b] = 0;
    mine += counts[b];
  }
  const auto remaining = static_cast<unsigned long long>(state->remaining);
  unsigned long long before =
      sum_before(mine);  // its barrier also parts reading and writing of state
  if (before >= remaining || before + mine < remaining) return;
  int bin = 0;
  while (before + counts[bin] < remaining) before += counts[bin++];
  constexpr int bits = select_pass_bits[pass];
  state->prefix = state->prefix << bits | static_cast<uint32_t>(first + bin);
  state->below += static_cast<int64_t>(before);
  state->remaining = static_cast<int64_t>(remaining - before);
  if (pass + 1 == select_passes) write_selection(*state, selection);
}

// What the last block of a pass does.
template <int pass>
__device__ void finish_pass(select_cuda_state* state, esp_selection* selection, int64_t k) {
  const unsigned long long nan = __ldcg(&state->nan_place);
  if (threadIdx.x == 0) {
    state->blocks_done = 0;
    if (nan != no_place) {
      selection->nan_item = static_cast<int32_t>(nan >> place_bits);
      selection->nan_index = static_cast<int64_t>(nan & ((1ull << place_bits) - 1));
    }
    if (nan != no_place || k == 0) state->finished = 1;
  }
  if (nan == no_place && k > 0) narrow<pass>(state, selection);
}

// ---- kernels ------------------------------------------------------------------------------------

__global__ void select_begin(select_cuda_state* state, esp_selection* selection, int64_t k) {
  for (int bin = static_cast<int>(threadIdx.x); bin < select_bins; bin += block_threads)
    state->histogram[bin] = 0;
  if (threadIdx.x != 0) return;
  state->nan_place = no_place;
  state->blocks_done = 0;
  state->remaining = k;
  state->below = 0;
  state->prefix = 0;
  state->finished = 0;
  selection->value = __uint_as_float(float_sign | float_infinity);
  selection->nan_item = -1;
  selection->nan_index = 0;
  selection->below = 0;
  selection->ties = 0;
}

template <int pass>
__global__ void __launch_bounds__(block_threads)
    select_pass(ESP_GRID_CONSTANT(select_table) table, select_cuda_state* state,
                esp_selection* selection, int64_t k, unsigned long long pass_blocks) {
  __shared__ unsigned histogram[shared_copies][select_bins];
  __shared__ bool last;
  if (pass > 0 && state->finished != 0) return;
  for (int i = static_cast<int>(threadIdx.x); i < shared_copies * select_bins; i += block_threads)
    histogram[i / select_bins][i % select_bins] = 0;
  __syncthreads();

  const table_place place = table.find(blockIdx.x);
  const select_entry& item = table.entries[place.entry];
  const int64_t begin = place.block * tile;
  const int64_t end = begin + tile < item.count ? begin + tile : item.count;
  run_counter<pass> counter(histogram[threadIdx.x / warp % shared_copies], state->prefix);
  const unsigned long long nan = count_tile<pass>(item, begin, end, counter);
  if (nan != no_place)
    atomicMin(&state->nan_place, static_cast<unsigned long long>(item.item) << place_bits | nan);
  __syncthreads();

  for (int bin = static_cast<int>(threadIdx.x); bin < select_bins; bin += block_threads) {
    unsigned long long count = 0;
    for (int c = 0; c < shared_copies; ++c) count += histogram[c][bin];
    if (count > 0) atomicAdd(&state->histogram[bin], count);
  }
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) last = atomicAdd(&state->blocks_done, 1ull) == pass_blocks - 1;
  __syncthreads();
  if (!last) return;
  __threadfence();
  finish_pass<pass>(state, selection, k);
}

// ---- launch -------------------------------------------------------------------------------------

int64_t blocks_of(const esp_select_item& item) {
  return (item.count + tile - 1) / tile;
}

template <int pass>
int32_t run_pass(const select_call& call, unsigned long long pass_blocks) {
  const char* name = "select_element_f32_cuda";
  auto* state = static_cast<select_cuda_state*>(call.workspace);
  const auto launch_table_of = [&](const select_table& table) {
    return launch(name, &select_pass<pass>, dim3(table.blocks()), block_threads, call.stream, table,
                  state, call.selection, call.k, pass_blocks);
  };
  select_table table;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const int64_t blocks = blocks_of(call.items[n]);
    if (!table.has_room(blocks)) {
      ESP_TRY(launch_table_of(table));
      table.clear();
    }
    table.add({static_cast<const float*>(call.items[n].score), call.items[n].count, n}, blocks);
  }
  return table.blocks() > 0 ? launch_table_of(table) : ESP_OK;
}

}  // namespace

int32_t select_element_f32_cuda(const select_call& call) {
  unsigned long long blocks = 0;
  for (int32_t n = 0; n < call.item_count; ++n) {
    if (call.items[n].count >> place_bits != 0 || n >> (63 - place_bits) != 0)
      return fail(ESP_UNSUPPORTED,
                  "esp_select: items[%d]: expected fewer than 2^40 elements and 2^23 items", n);
    blocks += static_cast<unsigned long long>(blocks_of(call.items[n]));
  }
  ESP_TRY(launch("select_element_f32_cuda", &select_begin, 1, block_threads, call.stream,
                 static_cast<select_cuda_state*>(call.workspace), call.selection, call.k));
  ESP_TRY(run_pass<0>(call, blocks));
  if (call.k == 0) return ESP_OK;
  ESP_TRY(run_pass<1>(call, blocks));
  return run_pass<2>(call, blocks);
}

}  // namespace espalier
