// Both steps for CUDA: one launch moves as many tensors as its parameters can describe.
#include "base/cuda_table.h"
#include "kernels/optim/formula.h"

namespace espalier {
namespace {

// Not yet timed on a GPU: chosen from the occupancy rules.
constexpr int block_threads = 256;
// Elements of one tensor that one block moves: four float4 per thread.
constexpr int64_t tile = block_threads * 16;
constexpr int32_t sgd_items = 500, adam_items = 440;

struct sgd_entry {
  float* weight;
  const float* gradient;
  float* momentum;  // NULL: none
  const uint32_t* bits;
  float* score;
  int64_t count;
  float decay;
};

struct adam_entry {
  float* weight;
  const float* gradient;
  float *mean, *square;
  const uint32_t* bits;
  float* score;
  int64_t count;
  adam_decay decay;
};

using sgd_table = launch_table<sgd_entry, sgd_items>;
using adam_table = launch_table<adam_entry, adam_items>;
static_assert(sizeof(sgd_table) + sizeof(sgd_constants) + 16 <= launch_parameter_bytes &&
                  sizeof(adam_table) + sizeof(adam_constants) + 16 <= launch_parameter_bytes,
              "the tables travel in the parameters");

// ---- kernels ------------------------------------------------------------------------------------

// Bits of the elements from i on; all ones without a mask.
__device__ __forceinline__ uint32_t bits_from(const uint32_t* bits, int64_t i) {
  return bits == nullptr ? 0xffffffffu : bits[i / 32] >> (i % 32);
}

template <int width>
struct floats {
  float at[width];
};

// One float or, from an address that is a multiple of 16, four.
template <int width>
__device__ __forceinline__ floats<width> load(const float* from) {
  floats<width> values;
  if (width == 1) {
    values.at[0] = *from;
  } else {
    const float4 four = *reinterpret_cast<const float4*>(from);
    values.at[0] = four.x;
    values.at[width / 4] = four.y;
    values.at[width / 2] = four.z;
    values.at[width - 1] = four.w;
  }
  return values;
}

template <int width>
__device__ __forceinline__ void store(float* to, const floats<width>& values) {
  if (width == 1)
    *to = values.at[0];
  else
    *reinterpret_cast<float4*>(to) =
        make_float4(values.at[0], values.at[width / 4], values.at[width / 2], values.at[width - 1]);
}

template <int width>
__device__ __forceinline__ void write_scores(float* score, int32_t criterion, float scale,
                                             const floats<width>& w, const floats<width>& g) {
  floats<width> s;
#pragma unroll
  for (int j = 0; j < width; ++j)
    s.at[j] = score_of(criterion, w.at[j], rounded_product(scale, g.at[j]));
  store(score, s);
}

template <int width>
__device__ __forceinline__ void sgd_elements(const sgd_entry& item, const sgd_constants& c,
                                             int32_t criterion, int64_t i) {
  floats<width> w = load<width>(item.weight + i), v = {};
  const floats<width> g = load<width>(item.gradient + i);
  if (item.momentum != nullptr) v = load<width>(item.momentum + i);
  if (item.score != nullptr) write_scores(item.score + i, criterion, c.gradient_scale, w, g);
  const uint32_t bits = bits_from(item.bits, i);
#pragma unroll
  for (int j = 0; j < width; ++j) {
    sgd_move(c, item.decay, g.at[j], &w.at[j], &v.at[j]);
    if ((bits >> j & 1u) == 0) w.at[j] = v.at[j] = 0.0f;
  }
  store(item.weight + i, w);
  if (item.momentum != nullptr) store(item.momentum + i, v);
}

template <int width>
__device__ __forceinline__ void adam_elements(const adam_entry& item, const adam_constants& c,
                                              int32_t criterion, int64_t i) {
  floats<width> w = load<width>(item.weight + i), m = load<width>(item.mean + i);
  floats<width> v = load<width>(item.square + i);
  const floats<width> g = load<width>(item.gradient + i);
  if (item.score != nullptr) write_scores(item.score + i, criterion, c.gradient_scale, w, g);
  const uint32_t bits = bits_from(item.bits, i);
#pragma unroll
  for (int j = 0; j < width; ++j) {
    adam_move(c, item.decay, g.at[j], &w.at[j], &m.at[j], &v.at[j]);
    if ((bits >> j & 1u) == 0) w.at[j] = m.at[j] = v.at[j] = 0.0f;
  }
  store(item.weight + i, w);
  store(item.mean + i, m);
  store(item.square + i, v);
}

__device__ uintptr_t addresses_of(const sgd_entry& item) {
  return reinterpret_cast<uintptr_t>(item.weight) | reinterpret_cast<uintptr_t>(item.gradient) |
         reinterpret_cast<uintptr_t>(item.momentum) | reinterpret_cast<uintptr_t>(item.score);
}

__device__ uintptr_t addresses_of(const adam_entry& item) {
  return reinterpret_cast<uintptr_t>(item.weight) | reinterpret_cast<uintptr_t>(item.gradient) |
         reinterpret_cast<uintptr_t>(item.mean) | reinterpret_cast<uintptr_t>(item.square) |
         reinterpret_cast<uintptr_t>(item.score);
}

// One block per tile; four elements at a time where the tensors allow 16-byte accesses. Calls
// four(i) and one(i).
template <class Entry, class Four, class One>
__device__ void for_each_of_tile(const Entry& item, int64_t number, Four&& four, One&& one) {
  const int64_t begin = number * tile;
  const int64_t end = begin + tile < item.count ? begin + tile : item.count;
  const int64_t vector_end =
      addresses_of(item) % sizeof(float4) == 0 ? begin + (end - begin) / 4 * 4 : begin;
  for (int64_t i = begin + 4 * static_cast<int64_t>(threadIdx.x); i < vector_end;
       i += 4 * block_threads)
    four(i);
  for (int64_t i = vector_end + threadIdx.x; i < end; i += block_threads) one(i);
}

__global__ void __launch_bounds__(block_threads)
    sgd_kernel(ESP_GRID_CONSTANT(sgd_table) table, const sgd_constants c, int32_t criterion) {
  const table_place place = table.find(blockIdx.x);
  const sgd_entry& item = table.entries[place.entry];
  for_each_of_tile(
      item, place.block, [&](int64_t i) { sgd_elements<4>(item, c, criterion, i); },
      [&](int64_t i) { sgd_elements<1>(item, c, criterion, i); });
}

__global__ void __launch_bounds__(block_threads)
    adam_kernel(ESP_GRID_CONSTANT(adam_table) table, const adam_constants c, int32_t criterion) {
  const table_place place = table.find(blockIdx.x);
  const adam_entry& item = table.entries[place.entry];
  for_each_of_tile(
      item, place.block, [&](int64_t i) { adam_elements<4>(item, c, criterion, i); },
      [&](int64_t i) { adam_elements<1>(item, c, criterion, i); });
}

// ---- launch -------------------------------------------------------------------------------------

// Fills tables with entry_of(item) and launches each with launch_table_of(table).
template <class Table, class Call, class EntryOf, class Launch>
int32_t launch_all(const Call& call, EntryOf&& entry_of, Launch&& launch_table_of) {
  Table table;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const int64_t blocks = (call.items[n].count + tile - 1) / tile;
    if (!table.has_room(blocks)) {
      ESP_TRY(launch_table_of(table));
      table.clear();
    }
    table.add(entry_of(call.items[n]), blocks);
  }
  return table.blocks() > 0 ? launch_table_of(table) : ESP_OK;
}

}  // namespace

int32_t sgd_element_f32_cuda(const sgd_step_call& call) {
  const sgd_constants c(*call.settings);
  return launch_all<sgd_table>(
      call,
      [&](const esp_sgd_item& item) {
        return sgd_entry{
            static_cast<float*>(item.weight),
            static_cast<const float*>(item.gradient),
            call.settings->momentum > 0.0 ? static_cast<float*>(item.momentum) : nullptr,
            static_cast<const uint32_t*>(item.bits),
            static_cast<float*>(item.score),
            item.count,
            static_cast<float>(item.weight_decay)};
      },
      [&](const sgd_table& table) {
        return launch("sgd_element_f32_cuda", &sgd_kernel, dim3(table.blocks()), block_threads,
                      call.stream, table, c, call.criterion);
      });
}

int32_t adam_element_f32_cuda(const adam_step_call& call) {
  const adam_constants c(*call.settings);
  return launch_all<adam_table>(
      call,
      [&](const esp_adam_item& item) {
        return adam_entry{static_cast<float*>(item.weight),
                          static_cast<const float*>(item.gradient),
                          static_cast<float*>(item.mean),
                          static_cast<float*>(item.square),
                          static_cast<const uint32_t*>(item.bits),
                          static_cast<float*>(item.score),
                          item.count,
                          adam_decay_of(*call.settings, item.weight_decay)};
      },
      [&](const adam_table& table) {
        return launch("adam_element_f32_cuda", &adam_kernel, dim3(table.blocks()), block_threads,
                      call.stream, table, c, call.criterion);
      });
}

}  // namespace espalier
