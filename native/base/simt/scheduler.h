// Runs a CUDA grid on one host thread: blocks one after the other, the threads of a block as
// fibers.
//
// Order of blocks and threads varies from launch to launch, so that code which lacks a barrier or
// leans on an order fails. Blocks do not run concurrently: a kernel that spins on another block
// hangs.
#pragma once

#include <cstdint>
#include <functional>

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct uint3 {
  unsigned x, y, z;
};

// The indices of the thread that is running.
inline uint3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;

enum cudaError_t : int;

namespace espalier::simt {

constexpr unsigned warp_width = 32;

// Compute capability of the device that there seems to be, before the point.
inline int capability_major = 9;

// Runs `body` once per thread. A barrier or a warp operation that not all its threads reach ends
// the grid with cudaErrorLaunchFailure; last_fault() then says what was wrong.
cudaError_t run_grid(dim3 grid, dim3 block, const std::function<void()>& body);
const char* last_fault();

// Waits for every live thread of the block; returns the sum of their values.
uint64_t block_barrier(uint64_t value);

// Waits for the lanes of `mask`; returns the values they brought, by lane. The array stays valid
// until the calling lane's next warp operation.
const uint64_t* warp_exchange(uint32_t mask, uint64_t value);

unsigned lane();

// The running thread's number within its block, and a number that no other block of this process
// has.
unsigned thread_number();
uint64_t block_number();

// Ends the grid with cudaErrorLaunchFailure and this cause.
[[noreturn]] void report_fault(const char* cause);

// Dynamic shared memory of the running block.
void* dynamic_shared();

}  // namespace espalier::simt
