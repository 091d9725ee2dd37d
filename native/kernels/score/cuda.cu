// Element scores: one launch scores as many tensors as its parameters can describe.
#include "base/cuda_table.h"
#include "kernels/score/cuda_criterion.cuh"

namespace espalier {
namespace {

using namespace score_tuning;

struct element_entry {
  const float* weight;
  const float* gradient;
  float* score;
  int64_t count;
};

using element_table = launch_table<element_entry, element_items>;
static_assert(sizeof(element_table) <= launch_parameter_bytes,
              "the table travels in the parameters");

// ---- kernel -------------------------------------------------------------------------------------

template <int criterion>
__device__ void score_one(const element_entry& item, int64_t i) {
  const float w = score_reads_weight(criterion) ? item.weight[i] : 0.0f;
  const float g = score_reads_gradient(criterion) ? item.gradient[i] : 0.0f;
  item.score[i] = score_of<criterion>(w, g);
}

template <int criterion>
__device__ void score_four(const element_entry& item, int64_t i) {
  const float4 zero = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  const float4 w =
      score_reads_weight(criterion) ? *reinterpret_cast<const float4*>(item.weight + i) : zero;
  const float4 g =
      score_reads_gradient(criterion) ? *reinterpret_cast<const float4*>(item.gradient + i) : zero;
  *reinterpret_cast<float4*>(item.score + i) =
      make_float4(score_of<criterion>(w.x, g.x), score_of<criterion>(w.y, g.y),
                  score_of<criterion>(w.z, g.z), score_of<criterion>(w.w, g.w));
}

// One block per tile. 16-byte accesses where the tensors that are read and written allow them.
template <int criterion>
__global__ void __launch_bounds__(block_threads)
    score_element(ESP_GRID_CONSTANT(element_table) table) {
  const table_place place = table.find(blockIdx.x);
  const element_entry& item = table.entries[place.entry];
  const int64_t begin = place.block * tile;
  const int64_t end = begin + tile < item.count ? begin + tile : item.count;
  const uintptr_t addresses =
      reinterpret_cast<uintptr_t>(item.score) |
      (score_reads_weight(criterion) ? reinterpret_cast<uintptr_t>(item.weight) : 0) |
      (score_reads_gradient(criterion) ? reinterpret_cast<uintptr_t>(item.gradient) : 0);
  const int64_t vector_end =
      addresses % sizeof(float4) == 0 ? begin + (end - begin) / 4 * 4 : begin;
  for (int64_t i = begin + 4 * static_cast<int64_t>(threadIdx.x); i < vector_end;
       i += 4 * block_threads)
    score_four<criterion>(item, i);
  for (int64_t i = vector_end + threadIdx.x; i < end; i += block_threads)
    score_one<criterion>(item, i);
}

// ---- launch -------------------------------------------------------------------------------------

int32_t launch_elements(const score_call& call, const element_table& table) {
  const dim3 grid(table.blocks());
  switch (call.criterion) {
#define ESP_SCORE_CASE(criterion)                                                           \
  case criterion:                                                                           \
    return launch("score_element_f32_cuda", &score_element<criterion>, grid, block_threads, \
                  call.stream, table);
    ESP_SCORE_CASE(ESP_CRITERION_MAGNITUDE)
    ESP_SCORE_CASE(ESP_CRITERION_GRADIENT)
    ESP_SCORE_CASE(ESP_CRITERION_SIGNED_GRADIENT)
    ESP_SCORE_CASE(ESP_CRITERION_TAYLOR)
#undef ESP_SCORE_CASE
  }
  return fail(ESP_UNSUPPORTED, "score_element_f32_cuda: unknown criterion %d", call.criterion);
}

}  // namespace

int32_t score_element_f32_cuda(const score_call& call) {
  element_table table;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_score_item& item = call.items[n];
    const int64_t blocks = (item.count + tile - 1) / tile;
    if (!table.has_room(blocks)) {
      ESP_TRY(launch_elements(call, table));
      table.clear();
    }
    table.add({static_cast<const float*>(item.weight), static_cast<const float*>(item.gradient),
               static_cast<float*>(item.score), item.count},
              blocks);
  }
  return table.blocks() > 0 ? launch_elements(call, table) : ESP_OK;
}

}  // namespace espalier
