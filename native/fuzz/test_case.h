// One random call of a public function: valid arguments, and the ways in which a single one of them
// can be made wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/testing/memory.h"
#include "espalier/kernels.h"

namespace espalier::test {

constexpr int32_t int32_least = std::numeric_limits<int32_t>::min();
constexpr int32_t int32_most = std::numeric_limits<int32_t>::max();
constexpr int64_t int64_least = std::numeric_limits<int64_t>::min();
constexpr int64_t int64_most = std::numeric_limits<int64_t>::max();

// No size may be one of these, whatever the other sizes are.
inline const std::vector<int64_t> no_size = {
    -1, int64_least, int64_most, int64_most / 4, int64_most / 8 + 1, int64_t{1} << 44};

// The same choices for the same seed on any standard library (SplitMix64).
class dice {
 public:
  explicit dice(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
  }
  bool one_in(int64_t n) { return between(1, n) == 1; }
  int32_t pick(std::initializer_list<int32_t> values) {
    return values.begin()[between(0, static_cast<int64_t>(values.size()) - 1)];
  }

 private:
  uint64_t state_;
};

class fuzz_case {
 public:
  struct mutation {
    std::string argument;
    std::function<void()> change;
  };

  virtual ~fuzz_case() = default;
  fuzz_case(const fuzz_case&) = delete;
  fuzz_case& operator=(const fuzz_case&) = delete;

  virtual int32_t call() = 0;
  // The query that belongs to the call; 0 where there is none.
  virtual int64_t workspace_bytes() { return 0; }
  // Whether arguments that nothing was done to may be refused.
  virtual bool may_refuse() const { return false; }

  const std::string& function() const { return function_; }
  const std::vector<mutation>& mutations() const { return mutations_; }

  std::string describe() const {
    std::ostringstream out;
    out << function_ << " on backend " << backend_;
    for (const auto& line : lines_) out << "\n  " << line();
    return out.str();
  }

  bool guards_intact() const {
    for (const auto& m : memory_)
      if (!m->guards_intact()) return false;
    return true;
  }

  // Workspace of exactly this size, as the last argument to go wrong.
  void give_workspace(int64_t bytes) {
    workspace_ = bytes == 0 ? nullptr : memory(bytes, 0);
    if (bytes > 0) pointer("workspace", &workspace_, true, 64);
  }

 protected:
  fuzz_case(std::string function, int32_t backend, dice& d)
      : d_(d), function_(std::move(function)), backend_(backend) {
    target_ = {backend, static_cast<int32_t>(d.between(1, 3))};
    const_target_ = &target_;
    pointer("target", &const_target_, true, 1);
    number("target.backend", &target_.backend, {-1, 5, int32_least, int32_most});
    if (backend != ESP_BACKEND_CUDA)
      number("target.threads", &target_.threads, {0, -1, int32_least, int32_most});
  }

  // Memory of any content at any multiple of `unit` bytes.
  void* memory(int64_t bytes, int64_t unit) {
    std::vector<uint64_t> content(static_cast<size_t>(bytes + 7) / 8);
    for (uint64_t& word : content) word = d_.next();
    return filled(content.data(), bytes, unit);
  }
  template <class T>
  T* values(const std::vector<T>& content) {
    return static_cast<T*>(
        filled(content.data(), static_cast<int64_t>(content.size() * sizeof(T)), sizeof(T)));
  }
  // A mask of `count` elements in which every bit is random, or all are ones.
  uint32_t* mask(int64_t count, std::vector<uint32_t>* bits) {
    bits->assign(static_cast<size_t>((count + 31) / 32), ~0u);
    if (!d_.one_in(4))
      for (uint32_t& word : *bits) word = static_cast<uint32_t>(d_.next());
    if (count % 32 != 0) bits->back() &= (1u << (count % 32)) - 1u;
    return values(*bits);
  }

  // Mostly small; now and then enough for several threads, blocks and chunks.
  int64_t size() { return d_.one_in(4000) ? d_.between(65000, 80000) : d_.between(0, 90); }

  // A number of the descriptor, and values that must be refused.
  template <class T>
  void number(const std::string& name, T* field, const std::vector<T>& refused) {
    if (name != last_shown_)
      lines_.push_back([=] { return name + " = " + std::to_string(*field); });
    last_shown_ = name;
    for (const T value : refused) mutations_.push_back({name, [=] { *field = value; }});
  }
  void show(const std::string& name, int64_t value) {
    lines_.push_back([=] { return name + " = " + std::to_string(value); });
  }

  // A pointer of the descriptor; refused as NULL if required, and off its alignment.
  template <class P>
  void pointer(const std::string& name, P* field, bool required, uintptr_t alignment) {
    lines_.push_back([=] {
      std::ostringstream out;
      out << name << " = " << static_cast<const void*>(*field);
      return out.str();
    });
    if (required) mutations_.push_back({name, [=] { *field = nullptr; }});
    if (alignment == 1 || *field == nullptr) return;
    const auto off = static_cast<uintptr_t>(d_.between(1, static_cast<int64_t>(alignment) - 1));
    mutations_.push_back(
        {name, [=] { *field = reinterpret_cast<P>(reinterpret_cast<uintptr_t>(*field) + off); }});
  }

  // The item array and its length, in all calls over items.
  template <class Item>
  void item_array(const Item** items, int32_t* count) {
    number("item_count", count, {-1, int32_least});
    pointer("items", items, *count > 0, 1);
  }

  static std::string of_item(int32_t n, const char* field) {
    return "items[" + std::to_string(n) + "]." + field;
  }

  dice& d_;
  esp_target target_;
  const esp_target* const_target_;
  void* workspace_ = nullptr;

 private:
  void* filled(const void* content, int64_t bytes, int64_t unit) {
    const auto offset = static_cast<size_t>(unit * d_.between(0, 3));
    memory_.push_back(
        std::make_unique<guarded_memory>(backend_, static_cast<size_t>(bytes), offset));
    memory_.back()->write(content);
    return memory_.back()->data();
  }

  std::string function_;
  int32_t backend_;
  std::vector<std::unique_ptr<guarded_memory>> memory_;
  std::vector<mutation> mutations_;
  std::vector<std::function<std::string()>> lines_;
  std::string last_shown_;
};

}  // namespace espalier::test
