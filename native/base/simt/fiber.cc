#include "base/simt/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#else
static void __sanitizer_start_switch_fiber(void**, const void*, size_t) {}
static void __sanitizer_finish_switch_fiber(void*, const void**, size_t*) {}
#endif

// Saves the callee-saved registers on the current stack and continues on another (System V x86-64).
extern "C" void espalier_simt_switch(void** save, void* load);
__asm__(R"(
.text
.hidden espalier_simt_switch
.globl espalier_simt_switch
.type espalier_simt_switch, @function
espalier_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size espalier_simt_switch, . - espalier_simt_switch
)");

namespace espalier::simt {
namespace {

constexpr size_t guard_bytes = 4096;
fiber* starting = nullptr;

}  // namespace

fiber::fiber() {
  void* memory = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<char*>(memory);
  mprotect(memory_, guard_bytes, PROT_NONE);
  // Six registers, then the address that `ret` takes, so that run() starts with the stack as after
  // a call.
  auto* top = reinterpret_cast<uintptr_t*>(memory_ + guard_bytes + stack_bytes - 16);
  top[-2] = reinterpret_cast<uintptr_t>(&fiber::run);
  stack_pointer_ = top - 8;
}

fiber::~fiber() {
  munmap(memory_, guard_bytes + stack_bytes);
}

void fiber::resume(void (*work)()) {
  if (idle_) work_ = work;
  idle_ = false;
  starting = this;
  __sanitizer_start_switch_fiber(&caller_fake_stack_, memory_ + guard_bytes, stack_bytes);
  espalier_simt_switch(&caller_stack_pointer_, stack_pointer_);
  __sanitizer_finish_switch_fiber(caller_fake_stack_, nullptr, nullptr);
}

void fiber::suspend() {
  __sanitizer_start_switch_fiber(&fake_stack_, caller_stack_, caller_stack_bytes_);
  espalier_simt_switch(&stack_pointer_, caller_stack_pointer_);
  __sanitizer_finish_switch_fiber(fake_stack_, &caller_stack_, &caller_stack_bytes_);
}

// Never returns, so that a stack is used again without stale frames on it.
void fiber::run() {
  fiber* self = starting;
  __sanitizer_finish_switch_fiber(nullptr, &self->caller_stack_, &self->caller_stack_bytes_);
  for (;;) {
    self->work_();
    self->idle_ = true;
    self->suspend();
  }
}

}  // namespace espalier::simt
