// One stack that a thread of a block runs on, known to AddressSanitizer.
#pragma once

#include <cstddef>

namespace espalier::simt {

class fiber {
 public:
  fiber();
  ~fiber();
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  // Runs on this stack until `work` returns or calls suspend(). A suspended fiber continues where
  // it was and ignores `work`.
  void resume(void (*work)());
  // Goes back to the caller of resume(); to be called on this stack only.
  void suspend();
  bool idle() const { return idle_; }

 private:
  [[noreturn]] static void run();

  static constexpr size_t stack_bytes = 128 * 1024;
  char* memory_;  // a guard page, then the stack
  void* stack_pointer_;
  void* caller_stack_pointer_ = nullptr;
  void* fake_stack_ = nullptr;
  void* caller_fake_stack_ = nullptr;
  const void* caller_stack_ = nullptr;
  size_t caller_stack_bytes_ = 0;
  void (*work_)() = nullptr;
  bool idle_ = true;
};

}  // namespace espalier::simt
