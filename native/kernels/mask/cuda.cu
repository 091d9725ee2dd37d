// Mask operations for CUDA: one block per chunk of an item, one launch for as many items as its
// parameters can describe. A warp turns 32 elements into a word with one ballot; lane w keeps word
// w, so that words are read and written 128 bytes at a time.
#include "base/cuda_table.h"
#include "base/order_key.h"
#include "kernels/mask/mask.h"

namespace espalier {
namespace {

constexpr int block_threads = 256;
constexpr int warps = block_threads / 32;
constexpr int64_t warp_elements = mask_chunk_cuda / warps;
constexpr int warp_words = warp_elements / 32;
static_assert(warp_words == 32, "a lane keeps one word");
constexpr int32_t table_items = 1000;
constexpr unsigned all_lanes = 0xffffffffu;

template <class Item>
using mask_table = launch_table<Item, table_items>;
static_assert(sizeof(mask_table<esp_mask_build_item>) + 64 <= launch_parameter_bytes,
              "the table travels in the parameters");

// ---- kernels ------------------------------------------------------------------------------------

// The 1024 elements of one warp.
struct warp_part {
  int64_t begin, end;

  __device__ warp_part(int64_t chunk, int64_t count)
      : begin(chunk * mask_chunk_cuda + threadIdx.x / 32 * warp_elements),
        end(begin + warp_elements < count ? begin + warp_elements : count) {}
  // Not positive if the warp has no part.
  __device__ int words() const { return static_cast<int>((end - begin + 31) / 32); }
  __device__ bool owns_word(int lane) const { return lane < words(); }
};

__device__ int lane_of_thread() {
  return static_cast<int>(threadIdx.x % 32);
}

// Sum over the block of a value that each warp's lanes share; valid in every thread of warp 0.
__device__ int64_t sum_of_warps(int value) {
  __shared__ int sums[warps];
  if (lane_of_thread() == 0) sums[threadIdx.x / 32] = value;
  __syncthreads();
  int64_t total = 0;
  for (int w = 0; w < warps; ++w) total += sums[w];
  return total;
}

// Writes the bits of everything that is not below the threshold; equal[chunk] = elements equal to
// it.
__global__ void __launch_bounds__(block_threads)
    mask_mark(ESP_GRID_CONSTANT(mask_table<esp_mask_build_item>) table,
              const esp_selection* selection, int64_t* equal) {
  const table_place place = table.find(blockIdx.x);
  const esp_mask_build_item& item = table.entries[place.entry];
  const uint32_t* score = static_cast<const uint32_t*>(item.score);
  const warp_part part(place.block, item.count);
  const int lane = lane_of_thread();
  const bool refused = selection->nan_item >= 0;
  const uint32_t threshold = order_key(__float_as_uint(selection->value));
  unsigned own = 0;
  int ties = 0;
#pragma unroll 8
  for (int word = 0; word < part.words(); ++word) {
    const int64_t i = part.begin + 32 * word + lane;
    const bool live = i < part.end;
    const uint32_t key = live ? order_key(score[i]) : 0;
    const unsigned kept = __ballot_sync(all_lanes, live && (refused || key >= threshold));
    ties += __popc(__ballot_sync(all_lanes, live && !refused && key == threshold));
    if (lane == word) own = kept;
  }
  if (part.owns_word(lane)) static_cast<uint32_t*>(item.bits)[part.begin / 32 + lane] = own;
  const int64_t total = sum_of_warps(ties);
  if (threadIdx.x == 0) equal[blockIdx.x] = total;
}

// equal[c] becomes the number of ties to clear in chunk c. One block.
__global__ void __launch_bounds__(block_threads)
    mask_share_ties(const esp_selection* selection, int64_t* equal, int64_t chunks) {
  __shared__ int64_t sums[warps];
  const int lane = lane_of_thread(), warp = threadIdx.x / 32;
  const int64_t ties = selection->nan_item >= 0 ? 0 : selection->ties;
  int64_t before = 0;
  for (int64_t first = 0; first < chunks; first += block_threads) {
    const int64_t c = first + threadIdx.x, own = c < chunks ? equal[c] : 0;
    int64_t sum = own;
    for (int step = 1; step < 32; step *= 2) {
      const int64_t other = __shfl_up_sync(all_lanes, sum, step);
      if (lane >= step) sum += other;
    }
    if (lane == 31) sums[warp] = sum;
    __syncthreads();
    int64_t all = 0, lower = 0;
    for (int w = 0; w < warps; ++w) {
      if (w < warp) lower += sums[w];
      all += sums[w];
    }
    const int64_t left = ties - (before + lower + sum - own);
    if (c < chunks) equal[c] = left <= 0 ? 0 : left < own ? left : own;
    before += all;
    __syncthreads();
  }
}

// Clears the first clear[chunk] bits of elements equal to the threshold.
__global__ void __launch_bounds__(block_threads)
    mask_clear_ties(ESP_GRID_CONSTANT(mask_table<esp_mask_build_item>) table,
                    const esp_selection* selection, int64_t* clear) {
  const int64_t ties = clear[blockIdx.x];
  if (ties == 0) return;
  const table_place place = table.find(blockIdx.x);
  const esp_mask_build_item& item = table.entries[place.entry];
  const uint32_t* score = static_cast<const uint32_t*>(item.score);
  const warp_part part(place.block, item.count);
  const int lane = lane_of_thread(), warp = threadIdx.x / 32;
  const uint32_t threshold = order_key(__float_as_uint(selection->value));
  unsigned own = 0;
  int tied = 0;
#pragma unroll 8
  for (int word = 0; word < part.words(); ++word) {
    const int64_t i = part.begin + 32 * word + lane;
    const unsigned equal =
        __ballot_sync(all_lanes, i < part.end && order_key(score[i]) == threshold);
    tied += __popc(equal);
    if (lane == word) own = equal;
  }
  __shared__ int sums[warps];
  if (lane == 0) sums[warp] = tied;
  __syncthreads();
  int64_t rank = 0;
  for (int w = 0; w < warp; ++w) rank += sums[w];
  int inclusive = __popc(own);
  for (int step = 1; step < 32; step *= 2) {
    const int other = __shfl_up_sync(all_lanes, inclusive, step);
    if (lane >= step) inclusive += other;
  }
  int64_t left = ties - (rank + inclusive - __popc(own));
  unsigned cleared = 0;
  for (unsigned rest = own; rest != 0 && left > 0; --left, rest &= rest - 1)
    cleared |= rest & -rest;
  if (cleared != 0) static_cast<uint32_t*>(item.bits)[part.begin / 32 + lane] &= ~cleared;
}

__global__ void __launch_bounds__(block_threads)
    mask_pack(ESP_GRID_CONSTANT(mask_table<esp_mask_pack_item>) table) {
  const table_place place = table.find(blockIdx.x);
  const esp_mask_pack_item& item = table.entries[place.entry];
  const warp_part part(place.block, item.count);
  const int lane = lane_of_thread();
  unsigned own = 0;
#pragma unroll 8
  for (int word = 0; word < part.words(); ++word) {
    const int64_t i = part.begin + 32 * word + lane;
    const unsigned kept =
        __ballot_sync(all_lanes, i < part.end && static_cast<const uint8_t*>(item.bytes)[i] != 0);
    if (lane == word) own = kept;
  }
  if (part.owns_word(lane)) static_cast<uint32_t*>(item.bits)[part.begin / 32 + lane] = own;
}

__global__ void __launch_bounds__(block_threads)
    mask_unpack(ESP_GRID_CONSTANT(mask_table<esp_mask_pack_item>) table) {
  const table_place place = table.find(blockIdx.x);
  const esp_mask_pack_item& item = table.entries[place.entry];
  const warp_part part(place.block, item.count);
  for (int64_t i = part.begin + lane_of_thread(); i < part.end; i += 32)
    static_cast<uint8_t*>(item.bytes)[i] =
        static_cast<const uint32_t*>(item.bits)[i / 32] >> (i % 32) & 1u;
}

// Writes zeros where the bit is 0 and reads no value.
__global__ void __launch_bounds__(block_threads)
    mask_apply(ESP_GRID_CONSTANT(mask_table<esp_mask_apply_item>) table) {
  const table_place place = table.find(blockIdx.x);
  const esp_mask_apply_item& item = table.entries[place.entry];
  const warp_part part(place.block, item.count);
  for (int64_t i = part.begin + lane_of_thread(); i < part.end; i += 32)
    if ((static_cast<const uint32_t*>(item.bits)[i / 32] >> (i % 32) & 1u) == 0)
      static_cast<float*>(item.values)[i] = 0.0f;
}

struct count_entry {
  const uint32_t* bits;
  int64_t* kept;
  int64_t count;
};

__global__ void __launch_bounds__(block_threads)
    mask_count(ESP_GRID_CONSTANT(mask_table<count_entry>) table) {
  const table_place place = table.find(blockIdx.x);
  const count_entry& item = table.entries[place.entry];
  const warp_part part(place.block, item.count);
  const int lane = lane_of_thread();
  int ones = part.owns_word(lane) ? __popc(item.bits[part.begin / 32 + lane]) : 0;
  for (int step = 16; step > 0; step /= 2) ones += __shfl_xor_sync(all_lanes, ones, step);
  const int64_t total = sum_of_warps(ones);
  if (threadIdx.x == 0)
    atomicAdd(reinterpret_cast<unsigned long long*>(item.kept),
              static_cast<unsigned long long>(total));
}

// ---- launches -----------------------------------------------------------------------------------

// Calls launch(table, chunks before it) for the items, as many at a time as fit.
template <class Entry, class Item, class MakeEntry, class Launch>
int32_t for_each_table(const Item* items, int32_t item_count, MakeEntry&& make,
                       Launch&& launch_one) {
  mask_table<Entry> table;
  int64_t before = 0;
  for (int32_t n = 0; n < item_count; ++n) {
    const int64_t chunks = chunk_count(items + n, 1, mask_chunk_cuda);
    if (!table.has_room(chunks)) {
      ESP_TRY(launch_one(table, before));
      before += table.blocks();
      table.clear();
    }
    table.add(make(n), chunks);
  }
  return table.blocks() > 0 ? launch_one(table, before) : ESP_OK;
}

template <class Call, class Item>
int32_t launch_items(const char* name, void (*kernel)(grid_constant<mask_table<Item>>),
                     const Call& call, const Item* items) {
  return for_each_table<Item>(
      items, call.item_count, [&](int32_t n) { return items[n]; },
      [&](const mask_table<Item>& table, int64_t) {
        return launch(name, kernel, table.blocks(), block_threads, call.stream, table);
      });
}

}  // namespace

int32_t mask_build_f32_cuda(const mask_build_call& call) {
  const char* name = "mask_build_f32_cuda";
  int64_t* const ties = static_cast<int64_t*>(call.workspace);
  const auto run = [&](void (*kernel)(grid_constant<mask_table<esp_mask_build_item>>,
                                      const esp_selection*, int64_t*)) {
    return for_each_table<esp_mask_build_item>(
        call.items, call.item_count, [&](int32_t n) { return call.items[n]; },
        [&](const mask_table<esp_mask_build_item>& table, int64_t before) {
          return launch(name, kernel, table.blocks(), block_threads, call.stream, table,
                        call.selection, ties + before);
        });
  };
  const int64_t chunks = chunk_count(call.items, call.item_count, mask_chunk_cuda);
  if (chunks == 0) return ESP_OK;
  ESP_TRY(run(&mask_mark));
  ESP_TRY(
      launch(name, &mask_share_ties, 1, block_threads, call.stream, call.selection, ties, chunks));
  return run(&mask_clear_ties);
}

int32_t mask_pack_u8_cuda(const mask_pack_call& call) {
  return launch_items("mask_pack_u8_cuda", &mask_pack, call, call.items);
}

int32_t mask_unpack_u8_cuda(const mask_unpack_call& call) {
  return launch_items("mask_unpack_u8_cuda", &mask_unpack, call, call.items);
}

int32_t mask_apply_f32_cuda(const mask_apply_call& call) {
  return launch_items("mask_apply_f32_cuda", &mask_apply, call, call.items);
}

int32_t mask_count_cuda(const mask_count_call& call) {
  const char* name = "mask_count_cuda";
  ESP_TRY(cuda_status(name, cudaMemsetAsync(call.kept, 0, 8 * static_cast<size_t>(call.item_count),
                                            static_cast<cudaStream_t>(call.stream))));
  return for_each_table<count_entry>(
      call.items, call.item_count,
      [&](int32_t n) {
        return count_entry{static_cast<const uint32_t*>(call.items[n].bits), call.kept + n,
                           call.items[n].count};
      },
      [&](const mask_table<count_entry>& table, int64_t) {
        return launch(name, &mask_count, table.blocks(), block_threads, call.stream, table);
      });
}

}  // namespace espalier
