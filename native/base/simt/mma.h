// Matrix instructions and asynchronous copies for a host build. Each lane computes its registers of
// the product from the fragments of all lanes, by the layouts that base/mma.cuh states; sums are in
// double precision, rounded once. A copy happens when it is waited for and not before, so that a
// missing wait shows.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "base/simt/scheduler.h"

namespace espalier::simt {

constexpr uint32_t every_lane = 0xffffffffu;

// What a lane brings to a product.
struct fragments {
  const uint32_t *a, *b;
  uint32_t metadata;
};

inline float element_of(uint32_t pair, unsigned place, bool bf16) {
  const auto bits = static_cast<uint16_t>(pair >> (16 * place));
  return bf16 ? float_of_bf16(bits) : float_of_f16(bits);
}

// Column of the whole A that column `stored` of the stored A stands for; -1 if there is none.
using column_of = int (*)(const fragments* const* lanes, unsigned row, unsigned stored);

inline int dense_column(const fragments* const*, unsigned, unsigned stored) {
  return static_cast<int>(stored);
}

template <int selector>
int sparse_column(const fragments* const* lanes, unsigned row, unsigned stored) {
  const unsigned four = stored / 2, lane = row % 8 * 4 + 2 * selector + four / 4;
  const uint32_t places = lanes[lane]->metadata >> (16 * (row / 8) + 4 * (four % 4)) & 15u;
  const uint32_t first = places & 3u, second = places >> 2;
  if (first >= second) return -1;
  return static_cast<int>(4 * four + (stored % 2 == 0 ? first : second));
}

// c += a * b for a B of `depth` rows. Undefined metadata gives not-a-number.
template <int depth>
void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[depth / 8],
              column_of column, uint32_t metadata, bool bf16) {
  const fragments own = {a, b, metadata};
  const uint64_t* words = warp_exchange(every_lane, reinterpret_cast<uintptr_t>(&own));
  const fragments* lanes[warp_width];
  for (unsigned i = 0; i < warp_width; ++i)
    lanes[i] = reinterpret_cast<const fragments*>(static_cast<uintptr_t>(words[i]));
  float result[4];
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned row = lane() / 4 + 8 * (i / 2), n = 2 * (lane() % 4) + i % 2;
    double sum = static_cast<double>(c[i]);
    for (unsigned stored = 0; stored < 16; ++stored) {
      const int k = column(lanes, row, stored);
      if (k < 0) sum = std::nan("");
      if (k < 0) break;
      const auto at = static_cast<unsigned>(k);
      const uint32_t from_a = lanes[row % 8 * 4 + stored % 8 / 2]->a[row / 8 + 2 * (stored / 8)];
      const uint32_t from_b = lanes[n * 4 + at % 8 / 2]->b[at / 8];
      sum += static_cast<double>(element_of(from_a, stored % 2, bf16)) *
             static_cast<double>(element_of(from_b, at % 2, bf16));
    }
    result[i] = static_cast<float>(sum);
  }
  warp_exchange(every_lane, 0);  // all have read the others' fragments
  for (unsigned i = 0; i < 4; ++i) c[i] = result[i];
}

inline void load_matrices(uint32_t (&registers)[4], const void* row) {
  const uint64_t* words = warp_exchange(every_lane, reinterpret_cast<uintptr_t>(row));
  for (unsigned i = 0; i < 4; ++i) {
    const auto address = static_cast<uintptr_t>(words[8 * i + lane() / 4]);
    if (address % 16 != 0) report_fault("a row of a matrix lies at no multiple of 16");
    std::memcpy(&registers[i], reinterpret_cast<const char*>(address) + 4 * (lane() % 4), 4);
  }
  warp_exchange(every_lane, 0);
}

// ---- asynchronous copies ------------------------------------------------------------------------

struct async_copy {
  void* shared;
  const void* global;
  bool live;
  uint64_t group;
};

// Of one thread of the running block.
struct copy_queue {
  uint64_t block = 0;
  uint64_t group = 0;
  std::vector<async_copy> copies;
};

inline copy_queue& copies_of_thread() {
  static std::vector<copy_queue> queues(1024);
  copy_queue& queue = queues[thread_number()];
  if (queue.block != block_number()) queue = {block_number(), 0, {}};
  return queue;
}

inline void queue_copy(void* shared, const void* global, bool live) {
  const auto to = reinterpret_cast<uintptr_t>(shared);
  if (to % 16 != 0 || (live && reinterpret_cast<uintptr_t>(global) % 16 != 0))
    report_fault("an asynchronous copy's address is no multiple of 16");
  copy_queue& queue = copies_of_thread();
  queue.copies.push_back({shared, global, live, queue.group});
}

inline void commit_copies() {
  ++copies_of_thread().group;
}

inline void wait_for_copies(int pending) {
  copy_queue& queue = copies_of_thread();
  std::vector<async_copy> left;
  for (const async_copy& copy : queue.copies) {
    if (copy.group + static_cast<uint64_t>(pending) >= queue.group)
      left.push_back(copy);
    else if (copy.live)
      std::memcpy(copy.shared, copy.global, 16);
    else
      std::memset(copy.shared, 0, 16);
  }
  queue.copies.swap(left);
}

}  // namespace espalier::simt
