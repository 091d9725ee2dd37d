// Splits the elements of many tensors among CPU threads without a table.
#pragma once

#include <cstdint>

namespace espalier {
namespace {  // included by files with different instruction sets: nothing here may be shared

// Elements in all that pay for waking other threads.
constexpr int64_t worth_threads = 1 << 16;

// One thread or all of them: libgomp ends and starts threads when the size of a team changes.
inline int32_t threads_for(int64_t total, int32_t threads) {
  return total < worth_threads ? 1 : threads;
}

template <class Item>
int64_t total_count(const Item* items, int32_t item_count) {
  int64_t total = 0;
  for (int32_t i = 0; i < item_count; ++i) total += items[i].count;
  return total;
}

// Calls visit(item index, from, to) for the parts of the items that lie in [begin, end) of their
// concatenation, in order.
template <class Item, class Visit>
void for_each_part(const Item* items, int32_t item_count, int64_t begin, int64_t end,
                   Visit&& visit) {
  int64_t start = 0;
  for (int32_t i = 0; i < item_count && start < end; ++i) {
    const int64_t from = begin > start ? begin - start : 0;
    const int64_t to = end - start < items[i].count ? end - start : items[i].count;
    if (from < to) visit(i, from, to);
    start += items[i].count;
  }
}

// Runs work(thread, begin, end) on `threads` threads that share [0, total) evenly. A part begins at
// a multiple of `grain` unless it is empty.
template <class Work>
void for_each_thread(int64_t total, int32_t threads, int64_t grain, Work&& work) {
  if (threads <= 1) {
    work(0, int64_t{0}, total);
    return;
  }
  const int64_t grains = (total + grain - 1) / grain;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int32_t t = 0; t < threads; ++t) {
    const int64_t begin = grains * t / threads * grain;
    const int64_t end = t + 1 == threads ? total : grains * (t + 1) / threads * grain;
    work(t, begin, end);
  }
}

}  // namespace
}  // namespace espalier
