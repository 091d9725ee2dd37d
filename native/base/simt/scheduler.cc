#include "base/simt/scheduler.h"

#include <memory>
#include <string>
#include <vector>

#include "base/simt/cuda.h"
#include "base/simt/fiber.h"

namespace espalier::simt {
namespace {

constexpr unsigned max_threads = 1024;
constexpr size_t shared_capacity = 227 * 1024;

struct thread {
  uint3 index;
  fiber* stack = nullptr;               // null before it starts and after it has ended
  const uint32_t* waits_for = nullptr;  // continues when *waits_for != seen
  uint32_t seen = 0;
  bool ended = false;
};

// The lanes of one mask that meet at a warp operation. Two sets of slots: lanes may still read the
// last exchange while others bring values for the next.
struct meeting {
  uint32_t mask;
  uint32_t arrived = 0;
  uint32_t generation = 0;
  uint64_t slots[2][warp_width] = {};
};

struct warp {
  std::vector<std::unique_ptr<meeting>> meetings;
};

struct block_state {
  std::vector<thread> threads;
  std::vector<warp> warps;
  unsigned live = 0;
  unsigned arrived = 0;
  uint32_t generation = 0;
  uint64_t sum = 0;
  uint64_t result = 0;
};

block_state block;
unsigned current = 0;
const std::function<void()>* kernel_body = nullptr;
std::vector<std::unique_ptr<fiber>> fibers;
std::vector<fiber*> idle_fibers;
std::string fault;
unsigned launches = 0;
uint64_t started_blocks = 0;

fiber* take_fiber() {
  if (idle_fibers.empty()) {
    fibers.push_back(std::make_unique<fiber>());
    return fibers.back().get();
  }
  fiber* stack = idle_fibers.back();
  idle_fibers.pop_back();
  return stack;
}

void wait(const uint32_t* generation, uint32_t seen) {
  thread& self = block.threads[current];
  self.waits_for = generation;
  self.seen = seen;
  while (*generation == seen) self.stack->suspend();
  self.waits_for = nullptr;
}

void release_barrier() {
  block.result = block.sum;
  block.sum = 0;
  block.arrived = 0;
  ++block.generation;
}

void run_thread(unsigned index) {
  thread& self = block.threads[index];
  current = index;
  threadIdx = self.index;
  if (self.stack == nullptr) self.stack = take_fiber();
  self.stack->resume([] { (*kernel_body)(); });
  if (!self.stack->idle()) return;
  idle_fibers.push_back(self.stack);
  self.stack = nullptr;
  self.ended = true;
  --block.live;
  if (block.arrived > 0 && block.arrived == block.live) release_barrier();
}

void start_block(dim3 size) {
  const unsigned count = size.x * size.y * size.z;
  ++started_blocks;
  block = block_state{};
  block.threads.resize(count);
  block.warps.resize((count + warp_width - 1) / warp_width);
  block.live = count;
  for (unsigned i = 0; i < count; ++i)
    block.threads[i].index = {i % size.x, i / size.x % size.y, i / size.x / size.y};
}

void describe_deadlock() {
  unsigned at_barrier = 0, at_warp = 0;
  for (const thread& t : block.threads) {
    if (t.ended || t.waits_for == nullptr) continue;
    ++(t.waits_for == &block.generation ? at_barrier : at_warp);
  }
  fault = "threads wait for each other for ever: " + std::to_string(at_barrier) +
          " at __syncthreads, " + std::to_string(at_warp) + " at a warp operation, " +
          std::to_string(block.threads.size() - block.live) + " ended";
}

// Runs the block's threads in an order drawn from `order` until all have ended.
bool run_block(unsigned order) {
  const auto count = static_cast<unsigned>(block.threads.size());
  const unsigned start = order * 2654435761u % count;
  const unsigned step = order % 2 == 0 ? 1 : count - 1;
  while (block.live > 0) {
    bool progress = false;
    unsigned index = start;
    for (unsigned i = 0; i < count; ++i, index = (index + step) % count) {
      thread& t = block.threads[index];
      if (t.ended || (t.waits_for != nullptr && *t.waits_for == t.seen)) continue;
      run_thread(index);
      progress = true;
      if (!fault.empty()) return false;
    }
    if (!progress) {
      describe_deadlock();
      return false;
    }
  }
  return true;
}

bool valid(dim3 grid, dim3 size) {
  const uint64_t threads = uint64_t{size.x} * size.y * size.z;
  return threads >= 1 && threads <= max_threads && size.z <= 64 && grid.x >= 1 &&
         grid.x < 1u << 31 && grid.y >= 1 && grid.y < 1u << 16 && grid.z >= 1 && grid.z < 1u << 16;
}

meeting& meeting_of(warp& w, uint32_t mask) {
  for (auto& m : w.meetings)
    if (m->mask == mask) return *m;
  w.meetings.push_back(std::make_unique<meeting>());
  w.meetings.back()->mask = mask;
  return *w.meetings.back();
}

}  // namespace

cudaError_t run_grid(dim3 grid, dim3 size, const std::function<void()>& body) {
  if (!valid(grid, size)) return cudaErrorInvalidConfiguration;
  kernel_body = &body;
  fault.clear();
  gridDim = grid;
  blockDim = size;
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  const bool backwards = ++launches % 2 == 0;
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t b = backwards ? blocks - 1 - i : i;
    blockIdx = {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                static_cast<unsigned>(b / grid.x / grid.y)};
    start_block(size);
    if (!run_block(launches + static_cast<unsigned>(b))) {
      // Stacks of threads that never ended are left as they are and not used again.
      return cudaErrorLaunchFailure;
    }
  }
  return cudaSuccess;
}

const char* last_fault() {
  return fault.c_str();
}

uint64_t block_barrier(uint64_t value) {
  block.sum += value;
  const uint32_t seen = block.generation;
  if (++block.arrived == block.live)
    release_barrier();
  else
    wait(&block.generation, seen);
  return block.result;
}

const uint64_t* warp_exchange(uint32_t mask, uint64_t value) {
  if ((mask >> lane() & 1) == 0) report_fault("a warp operation's mask lacks the calling lane");
  meeting& m = meeting_of(block.warps[current / warp_width], mask);
  const uint32_t seen = m.generation;
  uint64_t* slots = m.slots[seen % 2];
  slots[lane()] = value;
  m.arrived |= 1u << lane();
  if (m.arrived == mask) {
    m.arrived = 0;
    ++m.generation;
  } else {
    wait(&m.generation, seen);
  }
  return slots;
}

unsigned lane() {
  return current % warp_width;
}

unsigned thread_number() {
  return current;
}

uint64_t block_number() {
  return started_blocks;
}

void report_fault(const char* cause) {
  fault = cause;
  for (;;) block.threads[current].stack->suspend();
}

void* dynamic_shared() {
  alignas(128) static char memory[shared_capacity];
  return memory;
}

}  // namespace espalier::simt
