// Memory where a backend's tensors live, between canaries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace espalier::test {

// `bytes` bytes that start `offset` bytes past a 256-byte boundary. The bytes around them hold a
// pattern; under AddressSanitizer touching them on the host is an error at once.
class guarded_memory {
 public:
  guarded_memory(int32_t backend, size_t bytes, size_t offset);
  ~guarded_memory();
  guarded_memory(const guarded_memory&) = delete;
  guarded_memory& operator=(const guarded_memory&) = delete;

  void* data() const { return base_ + front_; }
  size_t bytes() const { return bytes_; }
  void write(const void* source);
  void read(void* target) const;
  bool guards_intact() const;

 private:
  void poison(bool on) const;

  static constexpr size_t guard_bytes = 256;
  bool device_;
  size_t bytes_;
  size_t front_;
  char* base_;
};

// A tensor under test with its host copy.
template <class T>
class buffer {
 public:
  buffer(int32_t backend, std::vector<T> values, int64_t misaligned_by = 0)
      : host_(std::move(values)),
        memory_(backend, host_.size() * sizeof(T), static_cast<size_t>(misaligned_by) * sizeof(T)) {
    memory_.write(host_.data());
  }

  T* data() { return static_cast<T*>(memory_.data()); }
  int64_t size() const { return static_cast<int64_t>(host_.size()); }
  // The values last written or fetched.
  const std::vector<T>& host() const { return host_; }
  // Waits for the device and fetches the present values.
  const std::vector<T>& fetch() {
    memory_.read(host_.data());
    return host_;
  }
  bool guards_intact() const { return memory_.guards_intact(); }

 private:
  std::vector<T> host_;
  guarded_memory memory_;
};

// Workspace of exactly the queried size, filled with garbage.
class workspace {
 public:
  workspace(int32_t backend, int64_t bytes)
      : memory_(backend,
                std::vector<unsigned char>(static_cast<size_t>(bytes < 0 ? 0 : bytes), 0xcd)) {}
  void* data() { return memory_.size() == 0 ? nullptr : memory_.data(); }
  bool guards_intact() const { return memory_.guards_intact(); }

 private:
  buffer<unsigned char> memory_;
};

}  // namespace espalier::test
