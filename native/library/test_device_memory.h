// Memory of a device as the host should see it: not at all.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace espalier::test {

// Memory that the host cannot touch, except while the device works or the test copies. A call that
// looks at it ends the test.
class device_memory {
 public:
  device_memory()
      : base_(static_cast<char*>(
            mmap(nullptr, capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  ~device_memory() { munmap(base_, capacity); }
  device_memory(const device_memory&) = delete;
  device_memory& operator=(const device_memory&) = delete;

  void open() { mprotect(base_, capacity, PROT_READ | PROT_WRITE); }
  void seal() { mprotect(base_, capacity, PROT_NONE); }

  // Garbage, as fresh memory of a device is.
  void* take(int64_t bytes) {
    char* memory = base_ + used_;
    used_ += (static_cast<size_t>(bytes) + 255) / 256 * 256;
    EXPECT_LE(used_, capacity);
    open();
    std::memset(memory, 0xcd, static_cast<size_t>(bytes));
    seal();
    return memory;
  }
  template <class T>
  T* put(const std::vector<T>& values) {
    void* memory = take(static_cast<int64_t>(values.size() * sizeof(T)));
    open();
    std::memcpy(memory, values.data(), values.size() * sizeof(T));
    seal();
    return static_cast<T*>(memory);
  }
  // What a caller copies back; counted.
  template <class T>
  std::vector<T> fetch(const T* from, size_t count) {
    std::vector<T> values(count);
    open();
    std::memcpy(values.data(), from, count * sizeof(T));
    seal();
    fetched_bytes_ += count * sizeof(T);
    return values;
  }
  size_t fetched_bytes() const { return fetched_bytes_; }

 private:
  static constexpr size_t capacity = size_t{64} << 20;
  char* base_;
  size_t used_ = 0;
  size_t fetched_bytes_ = 0;
};

}  // namespace espalier::test
