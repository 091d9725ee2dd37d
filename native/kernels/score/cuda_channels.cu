// Channel scores: a block reduces eight neighbouring channels of a group. Fixed assignment of
// elements to threads and a fixed tree: the same result on every run.
#include "base/cuda_table.h"
#include "kernels/score/cuda_criterion.cuh"

namespace espalier {
namespace {

using namespace score_tuning;

struct channel_entry {
  const float* weight;
  const float* gradient;
  float* score;
  int64_t outer;
  int64_t outer_stride;
  int64_t channels;
  int64_t inner;
  int32_t
      tail;  // entries of the same group that follow in this table; they have no block of their own
  int32_t continued;   // 1: score holds the partial result of an earlier launch
  int32_t unfinished;  // 1: a later launch continues
};

using channel_table = launch_table<channel_entry, channel_items>;
static_assert(sizeof(channel_table) <= launch_parameter_bytes,
              "the table travels in the parameters");

// ---- norms --------------------------------------------------------------------------------------

template <int norm>
__device__ __forceinline__ float norm_add(float total, float e) {
  if (norm == ESP_NORM_L1) return total + e;
  if (norm == ESP_NORM_L2) return fmaf(e, e, total);
  return e > total || e != e ? e : total;
}

template <int norm>
__device__ __forceinline__ float norm_merge(float a, float b) {
  if (norm != ESP_NORM_LINF) return a + b;
  return b > a || b != b ? b : a;
}

template <int criterion>
__device__ __forceinline__ float channel_element(const channel_entry& item, int64_t i) {
  const float w = score_reads_weight(criterion) ? item.weight[i] : 0.0f;
  const float g = score_reads_gradient(criterion) ? item.gradient[i] : 0.0f;
  const float e = score_of<criterion>(w, g);
  return criterion == ESP_CRITERION_SIGNED_GRADIENT && e < 0.0f ? 0.0f : fabsf(e);
}

template <int norm>
__device__ void write_score(const channel_entry& item, int64_t channel, float total) {
  if (item.continued != 0) total = norm_merge<norm>(item.score[channel], total);
  item.score[channel] = norm == ESP_NORM_L2 && item.unfinished == 0 ? sqrtf(total) : total;
}

// ---- kernel -------------------------------------------------------------------------------------

constexpr int warp = 32;
constexpr int tile_rows = block_threads / tile_channels;
static_assert(tile_rows == warp, "the block holds one warp per channel, and one channel per warp");

// A warp reads the runs of one channel side by side.
template <int criterion, int norm>
__device__ float reduce_runs(const channel_entry& item, int64_t channel, int lane, float total) {
  for (int64_t o = 0; o < item.outer; ++o)
    for (int64_t i = lane; i < item.inner; i += warp)
      total = norm_add<norm>(total, channel_element<criterion>(
                                        item, o * item.outer_stride + channel * item.inner + i));
  return total;
}

// Neighbouring threads read neighbouring channels of a row, each thread every tile_rows-th row.
template <int criterion, int norm>
__device__ float reduce_rows(const channel_entry& item, int64_t channel, int row, float total) {
  for (int64_t o = row; o < item.outer; o += tile_rows)
    for (int64_t i = 0; i < item.inner; ++i)
      total = norm_add<norm>(total, channel_element<criterion>(
                                        item, o * item.outer_stride + channel * item.inner + i));
  return total;
}

// tile_channels channels of one group per block. Each item is read in the way that suits its shape;
// the two kinds of partial sums meet in shared memory as [channel][row].
template <int criterion, int norm>
__global__ void __launch_bounds__(block_threads)
    score_channel(ESP_GRID_CONSTANT(channel_table) table) {
  __shared__ float runs[block_threads];
  __shared__ float rows[block_threads];
  const table_place place = table.find(blockIdx.x);
  const channel_entry* group = table.entries + place.entry;
  const int thread = static_cast<int>(threadIdx.x);
  const int64_t first = place.block * tile_channels;
  const int64_t run_channel = first + thread / warp, row_channel = first + thread % tile_channels;
  float run_total = 0.0f, row_total = 0.0f;
  for (int32_t n = 0; n <= group->tail; ++n) {
    const channel_entry& item = group[n];
    if (item.inner >= long_inner) {
      if (run_channel < item.channels)
        run_total = reduce_runs<criterion, norm>(item, run_channel, thread % warp, run_total);
    } else if (row_channel < item.channels) {
      row_total =
          reduce_rows<criterion, norm>(item, row_channel, thread / tile_channels, row_total);
    }
  }
  runs[thread] = run_total;
  rows[thread % tile_channels * warp + thread / tile_channels] = row_total;
  __syncthreads();
  float total = norm_merge<norm>(runs[thread], rows[thread]);
  for (int width = warp / 2; width > 0; width /= 2)
    total = norm_merge<norm>(total, __shfl_down_sync(0xffffffffu, total, width));
  if (thread % warp == 0 && run_channel < group->channels)
    write_score<norm>(*group, run_channel, total);
}

// ---- launch -------------------------------------------------------------------------------------

template <int criterion>
int32_t launch_norm(const score_channels_call& call, const channel_table& table) {
  const char* name = "score_channel_f32_cuda";
  const dim3 grid(table.blocks());
  switch (call.norm) {
    case ESP_NORM_L1:
      return launch(name, &score_channel<criterion, ESP_NORM_L1>, grid, block_threads, call.stream,
                    table);
    case ESP_NORM_L2:
      return launch(name, &score_channel<criterion, ESP_NORM_L2>, grid, block_threads, call.stream,
                    table);
    default:
      return launch(name, &score_channel<criterion, ESP_NORM_LINF>, grid, block_threads,
                    call.stream, table);
  }
}

int32_t launch_channels(const score_channels_call& call, const channel_table& table) {
  switch (call.criterion) {
    case ESP_CRITERION_MAGNITUDE: return launch_norm<ESP_CRITERION_MAGNITUDE>(call, table);
    case ESP_CRITERION_GRADIENT: return launch_norm<ESP_CRITERION_GRADIENT>(call, table);
    case ESP_CRITERION_SIGNED_GRADIENT:
      return launch_norm<ESP_CRITERION_SIGNED_GRADIENT>(call, table);
    default: return launch_norm<ESP_CRITERION_TAYLOR>(call, table);
  }
}

channel_entry entry_of(const esp_channel_item& item) {
  return {static_cast<const float*>(item.weight),
          static_cast<const float*>(item.gradient),
          static_cast<float*>(item.score),
          item.outer,
          item.outer_stride,
          item.channels,
          item.inner,
          0,
          0,
          0};
}

int64_t blocks_of(const esp_channel_item& item) {
  return (item.channels + tile_channels - 1) / tile_channels;
}

}  // namespace

int32_t score_channel_f32_cuda(const score_channels_call& call) {
  channel_table table;
  for (int32_t first = 0; first < call.item_count;) {
    const int32_t end = group_end(call.items, call.item_count, first);
    for (int32_t n = first; n < end;) {
      const int64_t blocks = blocks_of(call.items[n]);
      if (!table.has_room(blocks)) {
        ESP_TRY(launch_channels(call, table));
        table.clear();
      }
      const int32_t room = channel_items - table.size;
      const int32_t taken = end - n < room ? end - n : room;
      channel_entry head = entry_of(call.items[n]);
      head.tail = taken - 1;
      head.continued = n > first;
      head.unfinished = n + taken < end;
      table.add(head, blocks);
      for (int32_t t = 1; t < taken; ++t) table.append(entry_of(call.items[n + t]));
      n += taken;
    }
    first = end;
  }
  return table.blocks() > 0 ? launch_channels(call, table) : ESP_OK;
}

}  // namespace espalier
