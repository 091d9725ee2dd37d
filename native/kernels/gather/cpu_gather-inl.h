// Gather for the CPU, compiled once per instruction set. Threads share rows: (outer, i) without
// index1, (outer, i, middle) with it. Included by one file per instruction set only.
#pragma once

#include <hwy/highway.h>
#include <string.h>

#include "base/partition.h"
#include "kernels/gather/gather.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<uint8_t> bytes;
constexpr int64_t vector_bytes = hn::MaxLanes(bytes);

// Copies at least one and at most two vectors of `tag` with two moves that overlap.
template <class Tag>
void copy_two_vectors(Tag tag, const char* in, char* out, int64_t size) {
  const auto* from = reinterpret_cast<const uint8_t*>(in);
  auto* to = reinterpret_cast<uint8_t*>(out);
  const int64_t last = size - static_cast<int64_t>(hn::MaxLanes(tag));
  const auto head = hn::LoadU(tag, from), tail = hn::LoadU(tag, from + last);
  hn::StoreU(head, tag, to);
  hn::StoreU(tail, tag, to + last);
}

template <class Word>
void copy_two_words(const char* in, char* out, int64_t size) {
  const int64_t last = size - static_cast<int64_t>(sizeof(Word));
  Word head, tail;
  memcpy(&head, in, sizeof head);
  memcpy(&tail, in + last, sizeof tail);
  memcpy(out, &head, sizeof head);
  memcpy(out + last, &tail, sizeof tail);
}

// Touches no byte outside the cell.
void copy_cell(const char* in, char* out, int64_t size) {
  if (size > 2 * vector_bytes) {
    memcpy(out, in, static_cast<size_t>(size));
  } else if (size >= vector_bytes) {
    copy_two_vectors(bytes, in, out, size);
  } else if (size >= 32) {
    copy_two_vectors(hn::CappedTag<uint8_t, 32>(), in, out, size);
  } else if (size >= 16) {
    copy_two_vectors(hn::CappedTag<uint8_t, 16>(), in, out, size);
  } else if (size >= 8) {
    copy_two_words<uint64_t>(in, out, size);
  } else if (size >= 4) {
    copy_two_words<uint32_t>(in, out, size);
  } else {
    for (int64_t b = 0; b < size; ++b) out[b] = in[b];
  }
}

template <class Cell>
void gather_cells_of(const char* in, char* out, const int64_t* index, int64_t count) {
  for (int64_t j = 0; j < count; ++j)
    memcpy(out + j * static_cast<int64_t>(sizeof(Cell)),
           in + index[j] * static_cast<int64_t>(sizeof(Cell)), sizeof(Cell));
}

struct cell_of_36_bytes {  // a 3x3 kernel of floats
  char bytes[36];
};

void gather_cells(const char* in, char* out, const int64_t* index, int64_t count, int64_t size) {
  switch (size) {
    case 4: return gather_cells_of<uint32_t>(in, out, index, count);
    case 8: return gather_cells_of<uint64_t>(in, out, index, count);
    case 36: return gather_cells_of<cell_of_36_bytes>(in, out, index, count);
    default:
      for (int64_t j = 0; j < count; ++j) copy_cell(in + index[j] * size, out + j * size, size);
  }
}

int64_t rows_of(const esp_gather_item& item) {
  return item.outer * item.out_axis0 * (item.index1 != nullptr ? item.middle : 1);
}

void gather_row(const esp_gather_item& item, int64_t row) {
  const int64_t middles = item.index1 != nullptr ? item.middle : 1;
  const int64_t out_row_bytes = gather_out_bytes(item) / rows_of(item);
  const int64_t m = row % middles, i = row / middles % item.out_axis0;
  const int64_t o = row / middles / item.out_axis0;
  const int64_t from = item.index0 != nullptr ? item.index0[i] : i;
  char* out = static_cast<char*>(item.out) + row * out_row_bytes;
  const char* in = static_cast<const char*>(item.in) +
                   ((o * item.axis0 + from) * middles + m) *
                       (item.index1 != nullptr ? item.axis1 * item.inner_bytes : out_row_bytes);
  if (item.index1 != nullptr)
    gather_cells(in, out, item.index1, item.out_axis1, item.inner_bytes);
  else
    copy_cell(in, out, out_row_bytes);
}

int32_t gather(const gather_call& call) {
  int64_t total = 0;
  for (int32_t n = 0; n < call.item_count; ++n) total += gather_out_bytes(call.items[n]);
  // Threads share the output bytes; a row belongs to the thread that owns its first byte.
  for_each_thread(
      total, threads_for(total / 4, call.threads), 1, [&](int32_t, int64_t begin, int64_t end) {
        int64_t start = 0;
        for (int32_t n = 0; n < call.item_count && start < end; ++n) {
          const esp_gather_item& item = call.items[n];
          const int64_t own = gather_out_bytes(item);
          if (own == 0) continue;
          const int64_t row_bytes = own / rows_of(item);
          const int64_t first = begin > start ? (begin - start + row_bytes - 1) / row_bytes : 0;
          const int64_t last =
              end - start < own ? (end - start + row_bytes - 1) / row_bytes : rows_of(item);
          for (int64_t row = first; row < last; ++row) gather_row(item, row);
          start += own;
        }
      });
  return ESP_OK;
}

}  // namespace
}  // namespace espalier
HWY_AFTER_NAMESPACE();
