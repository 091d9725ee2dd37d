// Checks of arguments that the families share. Sizes are bounded so that no sum or product of them
// overflows: 2^40 elements are 4 TiB of floats.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/abi.h"
#include "base/status.h"

namespace espalier {

constexpr int64_t most_elements = int64_t{1} << 40;

// Whether the product of these sizes, zeros counted as ones, is at most `most`. Then the product of
// any of them is too. No size may be negative.
inline bool product_fits(int64_t most, std::initializer_list<int64_t> sizes) {
  for (const int64_t size : sizes) {
    if (size > most) return false;
    if (size > 0) most /= size;
  }
  return true;
}

// Adds the size of one item, elements or bytes, to the sum over the items of a call.
inline int32_t add_size(const char* function, int32_t item, int64_t size, int64_t* total) {
  ESP_REQUIRE(size <= most_elements - *total,
              "%s: items[%d]: expected a size of at most 2^40 in all items, got %lld after %lld",
              function, item, static_cast<long long>(size), static_cast<long long>(*total));
  *total += size;
  return ESP_OK;
}

inline int32_t add_count(const char* function, int32_t item, int64_t count, int64_t* total) {
  ESP_REQUIRE(count >= 0, "%s: items[%d].count: expected at least 0, got %lld", function, item,
              static_cast<long long>(count));
  return add_size(function, item, count, total);
}

inline bool is_aligned(const void* pointer, uintptr_t alignment) {
  return reinterpret_cast<uintptr_t>(pointer) % alignment == 0;
}

// Refuses a pointer that is no place for its elements; a device faults on it for good.
inline int32_t check_aligned(const char* function, const char* name, const void* pointer,
                             uintptr_t alignment) {
  ESP_REQUIRE(is_aligned(pointer, alignment),
              "%s: %s: expected an address that is a multiple of %d, got %p", function, name,
              static_cast<int>(alignment), pointer);
  return ESP_OK;
}

inline int32_t check_item_aligned(const char* function, int32_t item, const char* name,
                                  const void* pointer, uintptr_t alignment) {
  ESP_REQUIRE(is_aligned(pointer, alignment),
              "%s: items[%d].%s: expected an address that is a multiple of %d, got %p", function,
              item, name, static_cast<int>(alignment), pointer);
  return ESP_OK;
}

}  // namespace espalier
