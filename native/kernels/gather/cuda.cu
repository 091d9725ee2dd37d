// Gather for CUDA: one launch for as many items as its parameters can describe. An item is copied
// in words of the widest size that divides its runs and addresses; a thread finds the source of
// output word w = (((o * out_axis0 + i) * middle + m) * out_axis1 + j) * run_words + c by division.
#include "base/cuda_table.h"
#include "kernels/gather/gather.h"

namespace espalier {
namespace {

constexpr int block_threads = 256;
constexpr int words_per_thread = 8;
constexpr int64_t tile = block_threads * words_per_thread;
constexpr int32_t table_items = 280;

// n / divisor for 0 <= n < 2^31 by one multiplication: divisor <= 2^31, multiplier =
// ceil(2^(32 + shift) / divisor) - 2^32 (Granlund and Montgomery, 1994).
struct fast_divisor {
  uint32_t divisor, multiplier, shift;

  static fast_divisor of(int64_t value) {
    uint32_t shift = 0;
    while ((int64_t{1} << shift) < value) ++shift;
    const auto d = static_cast<uint64_t>(value);
    const uint64_t multiplier = ((uint64_t{1} << 32) * ((uint64_t{1} << shift) - d)) / d + 1;
    return {static_cast<uint32_t>(value), static_cast<uint32_t>(multiplier), shift};
  }

  // Divides n and returns the remainder.
  __device__ uint32_t split(uint32_t* n) const {
    const uint32_t high = static_cast<uint32_t>(static_cast<uint64_t>(*n) * multiplier >> 32);
    const uint32_t quotient = static_cast<uint32_t>((static_cast<uint64_t>(high) + *n) >> shift);
    const uint32_t remainder = *n - quotient * divisor;
    *n = quotient;
    return remainder;
  }
};

struct gather_entry {
  const char* in;
  char* out;
  const int64_t* index0;
  const int64_t* index1;
  int64_t axis0, row_words;  // row: all words of one (o, i)
  uint32_t word_shift, axis1, words;
  fast_divisor run_words, out_axis1, middle, out_axis0;
};

using gather_table = launch_table<gather_entry, table_items>;
static_assert(sizeof(gather_table) + 64 <= launch_parameter_bytes,
              "the table travels in the parameters");

// ---- kernel -------------------------------------------------------------------------------------

// Index, in words, of the source of output word `w`.
__device__ int64_t source_of(const gather_entry& item, uint32_t w) {
  const uint32_t c = item.run_words.split(&w), j = item.out_axis1.split(&w);
  const uint32_t m = item.middle.split(&w), i = item.out_axis0.split(&w);
  const int64_t from0 = item.index0 != nullptr ? __ldg(item.index0 + i) : i;
  const int64_t from1 = item.index1 != nullptr ? __ldg(item.index1 + j) : j;
  return (w * item.axis0 + from0) * item.row_words +
         (static_cast<int64_t>(m) * item.axis1 + from1) * item.run_words.divisor + c;
}

template <class Word>
__device__ void copy_tile(const gather_entry& item, int64_t first) {
  Word words[words_per_thread];
#pragma unroll
  for (int t = 0; t < words_per_thread; ++t) {
    const int64_t w = first + t * block_threads + threadIdx.x;
    if (w < item.words)
      words[t] = reinterpret_cast<const Word*>(item.in)[source_of(item, static_cast<uint32_t>(w))];
  }
#pragma unroll
  for (int t = 0; t < words_per_thread; ++t) {
    const int64_t w = first + t * block_threads + threadIdx.x;
    if (w < item.words) reinterpret_cast<Word*>(item.out)[w] = words[t];
  }
}

__global__ void __launch_bounds__(block_threads)
    gather_words(ESP_GRID_CONSTANT(gather_table) table) {
  const table_place place = table.find(blockIdx.x);
  const gather_entry& item = table.entries[place.entry];
  const int64_t first = place.block * tile;
  switch (item.word_shift) {
    case 0: return copy_tile<uint8_t>(item, first);
    case 1: return copy_tile<uint16_t>(item, first);
    case 2: return copy_tile<uint32_t>(item, first);
    case 3: return copy_tile<uint2>(item, first);
    default: return copy_tile<uint4>(item, first);
  }
}

// ---- launch -------------------------------------------------------------------------------------

// Without index1 the middle and axis1 are part of the run.
gather_entry describe(const esp_gather_item& item) {
  const bool cells = item.index1 != nullptr;
  const int64_t run = gather_run_bytes(item);
  const uint64_t together = reinterpret_cast<uintptr_t>(item.in) |
                            reinterpret_cast<uintptr_t>(item.out) | static_cast<uint64_t>(run) | 16;
  gather_entry entry{};
  while ((together >> entry.word_shift & 1) == 0) ++entry.word_shift;
  entry.in = static_cast<const char*>(item.in);
  entry.out = static_cast<char*>(item.out);
  entry.index0 = item.index0;
  entry.index1 = item.index1;
  entry.axis0 = item.axis0;
  entry.axis1 = static_cast<uint32_t>(cells ? item.axis1 : 1);
  entry.row_words = item.middle * item.axis1 * item.inner_bytes >> entry.word_shift;
  entry.words = static_cast<uint32_t>(gather_out_bytes(item) >> entry.word_shift);
  entry.run_words = fast_divisor::of(run >> entry.word_shift);
  entry.out_axis1 = fast_divisor::of(cells ? item.out_axis1 : 1);
  entry.middle = fast_divisor::of(cells ? item.middle : 1);
  entry.out_axis0 = fast_divisor::of(item.out_axis0);
  return entry;
}

int32_t launch_table_of(const gather_call& call, const gather_table& table) {
  return launch("gather_bytes_cuda", &gather_words, table.blocks(), block_threads, call.stream,
                table);
}

}  // namespace

int32_t gather_bytes_cuda(const gather_call& call) {
  gather_table table;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_gather_item& item = call.items[n];
    const int64_t bytes = gather_out_bytes(item);
    if (bytes == 0) continue;
    const gather_entry entry = describe(item);
    constexpr int64_t most = int64_t{1} << 31;
    if (bytes >> entry.word_shift >= most || item.axis1 >= most)
      return fail(ESP_UNSUPPORTED,
                  "gather_bytes_cuda: items[%d]: expected fewer than 2^31 words of %d bytes, got "
                  "%lld bytes; split the tensor along outer",
                  n, 1 << entry.word_shift, static_cast<long long>(bytes));
    const int64_t blocks = (int64_t{entry.words} + tile - 1) / tile;
    if (!table.has_room(blocks)) {
      ESP_TRY(launch_table_of(call, table));
      table.clear();
    }
    table.add(entry, blocks);
  }
  return table.blocks() > 0 ? launch_table_of(call, table) : ESP_OK;
}

}  // namespace espalier
