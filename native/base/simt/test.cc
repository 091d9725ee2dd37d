// The shim itself: does it run what CUDA runs, and refuse what CUDA leaves undefined?
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "base/cuda.h"

namespace espalier {

char* message_buffer() {
  static char buffer[message_capacity];
  return buffer;
}

namespace {

constexpr unsigned all_lanes = 0xffffffffu;

__global__ void number_threads(int* out) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] += static_cast<int>(thread + 1);
}

TEST(SimtTest, RunsEveryThreadOfEveryBlockOnce) {
  const dim3 grid(3, 2, 2), block(5, 3, 2);
  std::vector<int> out(12 * 30, 0);
  ASSERT_EQ(ESP_OK, launch("number_threads", &number_threads, grid, block, nullptr, out.data()));
  for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(static_cast<int>(i % 30 + 1), out[i]);
}

template <bool with_barrier>
__global__ void reverse_block(int* values) {
  __shared__ int shared[256];
  shared[threadIdx.x] = values[threadIdx.x];
  if (with_barrier) __syncthreads();
  values[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

TEST(SimtTest, OrdersWritesBeforeReadsAtABarrier) {
  for (int repeat = 0; repeat < 4; ++repeat) {
    std::vector<int> values(256);
    std::iota(values.begin(), values.end(), 0);
    ASSERT_EQ(ESP_OK, launch("reverse", &reverse_block<true>, 1, 256, nullptr, values.data()));
    for (int i = 0; i < 256; ++i) ASSERT_EQ(255 - i, values[static_cast<size_t>(i)]);
  }
}

TEST(SimtTest, ShowsAMissingBarrier) {
  std::vector<int> values(256), reversed(256);
  std::iota(values.begin(), values.end(), 1000);
  reversed.assign(values.rbegin(), values.rend());
  ASSERT_EQ(ESP_OK, launch("reverse", &reverse_block<false>, 1, 256, nullptr, values.data()));
  EXPECT_NE(reversed, values);
}

__global__ void warp_operations(int* sums, unsigned* ballots, int* shifted, unsigned* matches) {
  const int thread = static_cast<int>(threadIdx.x);
  int sum = thread;
  for (int width = 16; width > 0; width /= 2) sum += __shfl_xor_sync(all_lanes, sum, width);
  sums[thread] = sum;
  ballots[thread] = __ballot_sync(all_lanes, thread % 3 == 0);
  shifted[thread] = __shfl_up_sync(all_lanes, thread, 1);
  matches[thread] = __match_any_sync(all_lanes, thread % 2);
}

TEST(SimtTest, ExchangesWithinAWarp) {
  std::vector<int> sums(64), shifted(64);
  std::vector<unsigned> ballots(64), matches(64);
  ASSERT_EQ(ESP_OK, launch("warp_operations", &warp_operations, 1, 64, nullptr, sums.data(),
                           ballots.data(), shifted.data(), matches.data()));
  for (int i = 0; i < 64; ++i) {
    const auto at = static_cast<size_t>(i);
    const int first = i / 32 * 32;
    unsigned ballot = 0;
    for (int lane = 0; lane < 32; ++lane) ballot |= ((first + lane) % 3 == 0 ? 1u : 0u) << lane;
    EXPECT_EQ(31 * 16 + 32 * first, sums[at]);
    EXPECT_EQ(ballot, ballots[at]);
    EXPECT_EQ(i == first ? i : i - 1, shifted[at]);
    EXPECT_EQ(i % 2 == 0 ? 0x55555555u : 0xaaaaaaaau, matches[at]);
  }
}

__global__ void half_warp_sums(int* out) {
  const unsigned half = threadIdx.x % 32 < 16 ? 0x0000ffffu : 0xffff0000u;
  int sum = 1;
  for (int width = 8; width > 0; width /= 2) sum += __shfl_xor_sync(half, sum, width);
  if (threadIdx.x % 32 < 16) __syncwarp(half);
  out[threadIdx.x] = sum;
}

TEST(SimtTest, KeepsDivergedHalvesOfAWarpApart) {
  std::vector<int> out(32);
  ASSERT_EQ(ESP_OK, launch("half_warp_sums", &half_warp_sums, 1, 32, nullptr, out.data()));
  EXPECT_EQ(std::vector<int>(32, 16), out);
}

__global__ void count_blocks(int* total, int* last_saw) {
  __shared__ bool last;
  if (threadIdx.x == 0) last = atomicAdd(total, 1) == static_cast<int>(gridDim.x) - 1;
  const int odd = __syncthreads_count(threadIdx.x % 2);
  if (last && threadIdx.x == 0) *last_saw = *total * 100 + odd;
}

TEST(SimtTest, FindsTheLastBlock) {
  int total = 0, last_saw = 0;
  ASSERT_EQ(ESP_OK, launch("count_blocks", &count_blocks, 7, 96, nullptr, &total, &last_saw));
  EXPECT_EQ(748, last_saw);
}

__global__ void leave_early(int* out) {
  if (threadIdx.x >= 40) return;
  __syncthreads();
  atomicAdd(out, 1);
}

TEST(SimtTest, LetsThreadsEndBeforeABarrier) {
  int out = 0;
  ASSERT_EQ(ESP_OK, launch("leave_early", &leave_early, 2, 64, nullptr, &out));
  EXPECT_EQ(80, out);
}

__global__ void wait_for_ended_lanes() {
  if (threadIdx.x < 16) return;
  __syncwarp();
}

__global__ void wait_alone() {
  __syncthreads();
  if (threadIdx.x == 5) __syncwarp();
}

__global__ void name_foreign_lanes() {
  __ballot_sync(2u, 1);
}

TEST(SimtTest, RefusesOperationsThatNotAllThreadsReach) {
  EXPECT_EQ(ESP_DEVICE_LOST, launch("a", &wait_for_ended_lanes, 1, 32, nullptr));
  EXPECT_NE(std::string::npos,
            std::string(message_buffer()).find("16 at a warp operation, 16 ended"));
  EXPECT_EQ(ESP_DEVICE_LOST, launch("b", &wait_alone, 1, 64, nullptr));
  EXPECT_EQ(ESP_DEVICE_LOST, launch("c", &name_foreign_lanes, 1, 32, nullptr));
  EXPECT_NE(std::string::npos, std::string(message_buffer()).find("lacks the calling lane"));
}

TEST(SimtTest, RefusesAGridThatCudaRefuses) {
  EXPECT_EQ(ESP_DEVICE_ERROR, launch("d", &name_foreign_lanes, 1, 1025, nullptr));
  EXPECT_EQ(ESP_DEVICE_ERROR, launch("e", &name_foreign_lanes, dim3(0), 32, nullptr));
}

}  // namespace
}  // namespace espalier
