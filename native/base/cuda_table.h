// Descriptions of many tensors that travel in the parameters of one launch: no allocation, no copy,
// no synchronisation. Blocks are numbered through all entries.
#pragma once

#include "base/cuda.h"

namespace espalier {

struct table_place {
  int32_t entry;
  int64_t block;  // number of the block within its entry
};

template <class Entry, int32_t capacity>
struct launch_table {
  int32_t size;
  // ends[n]: one past the last block of entry n. 32 bits, because a grid has fewer than 2^31
  // blocks.
  uint32_t ends[capacity];
  Entry entries[capacity];

  launch_table() : size(0) {}

  // Appends an entry unless it needs no block. The table must have room for it.
  void add(const Entry& entry, int64_t block_count) {
    if (block_count <= 0) return;
    entries[size] = entry;
    ends[size] = blocks() + static_cast<uint32_t>(block_count);
    ++size;
  }

  // Appends an entry without blocks, which the blocks of an entry before it read.
  void append(const Entry& entry) {
    entries[size] = entry;
    ends[size] = blocks();
    ++size;
  }

  bool has_room(int64_t block_count) const {
    return size < capacity && static_cast<int64_t>(blocks()) + block_count <= max_blocks;
  }

  void clear() { size = 0; }
  uint32_t blocks() const { return size == 0 ? 0 : ends[size - 1]; }

  // The entry of a block of the grid, by bisection over constant memory.
  __host__ __device__ table_place find(uint32_t block) const {
    int32_t low = 0, high = size - 1;
    while (low < high) {
      const int32_t middle = (low + high) / 2;
      if (block < ends[middle])
        high = middle;
      else
        low = middle + 1;
    }
    return {low, static_cast<int64_t>(low == 0 ? block : block - ends[low - 1])};
  }

  static constexpr int64_t max_blocks = (int64_t{1} << 31) - 1;
};

}  // namespace espalier
