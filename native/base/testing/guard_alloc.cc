// Preloaded into a process, puts a page that faults behind every block of posix_memalign, the
// allocator of libtorch's and oneDNN's tensors and workspaces: a write beyond the end, and a use
// after free, stops at the instruction that does it instead of damaging a neighbour.
//
//   LD_PRELOAD=build/native/lib/libespalier_guard.so java ...
#include <dlfcn.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr size_t page = 4096;
// Addresses are never used twice; what is not in use costs no memory.
constexpr size_t reserved = size_t{1} << 42;

// At the start of the page before a block.
struct header {
  size_t pages;  // of the block
};

char* region() {
  static char* const start = [] {
    void* at =
        mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? nullptr : static_cast<char*>(at);
  }();
  return start;
}

std::atomic<size_t> used{0};

size_t round_up(size_t value, size_t unit) {
  return (value + unit - 1) / unit * unit;
}

// A block that ends where the page that faults begins, but for the alignment; NULL if there is no
// room.
void* guarded(size_t alignment, size_t bytes) {
  if (alignment > page || region() == nullptr) return nullptr;
  const size_t body = round_up(bytes == 0 ? 1 : bytes, alignment);
  const size_t pages = round_up(body, page) / page;
  const size_t begin = used.fetch_add((pages + 2) * page);
  if (begin + (pages + 2) * page > reserved) return nullptr;
  char* const first = region() + begin;
  if (mprotect(first, (pages + 1) * page, PROT_READ | PROT_WRITE) != 0) return nullptr;
  *reinterpret_cast<header*>(first) = {pages};
  return first + (pages + 1) * page - body;
}

bool is_guarded(const void* block) {
  const auto at = reinterpret_cast<uintptr_t>(block), start = reinterpret_cast<uintptr_t>(region());
  return start != 0 && at >= start && at < start + reserved;
}

// The block begins in the first of its pages, behind that of the header.
void release(void* block) {
  char* const first =
      reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(block) / page * page) - page;
  const size_t bytes = (reinterpret_cast<header*>(first)->pages + 1) * page;
  madvise(first, bytes, MADV_DONTNEED);
  mprotect(first, bytes, PROT_NONE);
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int posix_memalign(void** out, size_t alignment,
                                                          size_t bytes) noexcept {
  void* const block = guarded(alignment, bytes);
  if (block == nullptr)
    return next<int (*)(void**, size_t, size_t)>("posix_memalign")(out, alignment, bytes);
  *out = block;
  return 0;
}

__attribute__((visibility("default"))) void free(void* block) noexcept {
  static void (*const release_rest)(void*) = next<void (*)(void*)>("free");
  if (block == nullptr) return;
  if (is_guarded(block))
    release(block);
  else
    release_rest(block);
}
}
