// The matrix instructions of the shim against plain products. Fragments are cut out of whole
// matrices here by the forward formulas of the PTX ISA ("Matrix Fragments for mma.m16n8k16 with
// floating point type", "... for sparse mma.m16n8k32 with .f16 and .bf16 types"): which element a
// register holds.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/mma.cuh"

namespace espalier {
namespace {

struct products {
  std::vector<uint16_t> a, b;
  std::vector<uint32_t> metadata;  // one word per lane
  std::vector<float> c;
};

float number(bool bf16, uint16_t bits) {
  return bf16 ? float_of_bf16(bits) : float_of_f16(bits);
}

uint16_t random_half(std::mt19937& generator, bool bf16) {
  const float value = static_cast<float>(static_cast<int>(generator() % 2001) - 1000) / 256.0f;
  return bf16 ? bf16_of_float(value) : f16_of_float(value);
}

uint32_t pair_of(uint16_t low, uint16_t high) {
  return low | uint32_t{high} << 16;
}

// a: 16 x 16 as stored, b: depth x 8, c: 16 x 8, row by row.
template <int depth, bool bf16, int selector>
__global__ void multiply_once(const uint16_t* a, const uint16_t* b, const uint32_t* metadata,
                              float* c) {
  const int lane = static_cast<int>(threadIdx.x), group_id = lane >> 2, in_group = lane % 4;
  uint32_t fragment_a[4], fragment_b[depth / 8];
  float fragment_c[4];
  for (int i = 0; i < 8; i += 2) {
    const int row = i < 2 || (i >= 4 && i < 6) ? group_id : group_id + 8;
    const int column = in_group * 2 + (i < 4 ? 0 : 8);
    fragment_a[i / 2] = pair_of(a[row * 16 + column], a[row * 16 + column + 1]);
  }
  for (int i = 0; i < depth / 4; i += 2) {
    const int row = in_group * 2 + i / 2 * 8;
    fragment_b[i / 2] = pair_of(b[row * 8 + group_id], b[(row + 1) * 8 + group_id]);
  }
  for (int i = 0; i < 4; ++i) {
    const int row = i < 2 ? group_id : group_id + 8, column = in_group * 2 + (i & 1);
    fragment_c[i] = c[row * 8 + column];
  }
  if constexpr (depth == 16)
    mma_m16n8k16<bf16>(fragment_c, fragment_a, fragment_b);
  else
    mma_sp_m16n8k32<bf16, selector>(fragment_c, fragment_a, fragment_b, metadata[lane]);
  for (int i = 0; i < 4; ++i) {
    const int row = i < 2 ? group_id : group_id + 8, column = in_group * 2 + (i & 1);
    c[row * 8 + column] = fragment_c[i];
  }
}

products random_products(std::mt19937& generator, int depth, bool bf16) {
  products p;
  for (int i = 0; i < 256; ++i) p.a.push_back(random_half(generator, bf16));
  for (int i = 0; i < depth * 8; ++i) p.b.push_back(random_half(generator, bf16));
  for (int i = 0; i < 128; ++i)
    p.c.push_back(static_cast<float>(static_cast<int>(generator() % 101) - 50));
  p.metadata.assign(32, 0);
  return p;
}

// c + a * b for a whole `a` of depth columns.
std::vector<double> plain(const products& p, const std::vector<double>& a, int depth, bool bf16) {
  std::vector<double> c(p.c.begin(), p.c.end());
  for (int row = 0; row < 16; ++row)
    for (int n = 0; n < 8; ++n)
      for (int k = 0; k < depth; ++k)
        c[static_cast<size_t>(row * 8 + n)] +=
            a[static_cast<size_t>(row * depth + k)] *
            static_cast<double>(number(bf16, p.b[static_cast<size_t>(k * 8 + n)]));
  return c;
}

void expect_same(const std::vector<double>& expected, const std::vector<float>& c) {
  for (size_t i = 0; i < 128; ++i) ASSERT_EQ(static_cast<float>(expected[i]), c[i]) << i;
}

template <bool bf16>
void check_dense() {
  std::mt19937 generator(bf16 ? 2 : 1);
  for (int repeat = 0; repeat < 5; ++repeat) {
    products p = random_products(generator, 16, bf16);
    std::vector<double> whole;
    for (uint16_t v : p.a) whole.push_back(static_cast<double>(number(bf16, v)));
    const std::vector<double> expected = plain(p, whole, 16, bf16);
    ASSERT_EQ(ESP_OK, launch("dense", &multiply_once<16, bf16, 0>, 1, 32, nullptr, p.a.data(),
                             p.b.data(), p.metadata.data(), p.c.data()));
    expect_same(expected, p.c);
  }
}

TEST(SimtMmaTest, MultipliesDenseFragments) {
  check_dense<false>();
  check_dense<true>();
}

template <bool bf16, int selector>
void check_sparse() {
  std::mt19937 generator(10 + selector);
  for (int repeat = 0; repeat < 5; ++repeat) {
    products p = random_products(generator, 32, bf16);
    for (uint32_t& word : p.metadata) word = generator();  // lanes outside the selector: anything
    for (int lane = 2 * selector; lane < 32; lane += lane % 2 == 0 ? 1 : 3)
      p.metadata[static_cast<size_t>(lane)] = 0;
    std::vector<double> whole(16 * 32, 0.0);
    for (int row = 0; row < 16; ++row)
      for (int four = 0; four < 8; ++four) {
        const int first = static_cast<int>(generator() % 3);
        const int second =
            first + 1 + static_cast<int>(generator() % static_cast<uint32_t>(3 - first));
        for (int i = 0; i < 2; ++i)
          whole[static_cast<size_t>(row * 32 + four * 4 + (i == 0 ? first : second))] =
              static_cast<double>(number(bf16, p.a[static_cast<size_t>(row * 16 + four * 2 + i)]));
        const int lane = row % 8 * 4 + selector * 2 + four / 4, shift = row / 8 * 16 + four % 4 * 4;
        p.metadata[static_cast<size_t>(lane)] |= static_cast<uint32_t>(first | second << 2)
                                                 << shift;
      }
    const std::vector<double> expected = plain(p, whole, 32, bf16);
    ASSERT_EQ(ESP_OK, launch("sparse", &multiply_once<32, bf16, selector>, 1, 32, nullptr,
                             p.a.data(), p.b.data(), p.metadata.data(), p.c.data()));
    expect_same(expected, p.c);
  }
}

TEST(SimtMmaTest, MultipliesSparseFragments) {
  check_sparse<false, 0>();
  check_sparse<false, 1>();
  check_sparse<true, 0>();
  check_sparse<true, 1>();
}

TEST(SimtMmaTest, ShowsMetadataThatIsNotOrdered) {
  std::mt19937 generator(5);
  products p = random_products(generator, 32, false);
  p.metadata.assign(32, 0x44444444u);
  p.metadata[0] = 0x44444441u;  // row 0, channels 0 to 3: places 1 and 0
  ASSERT_EQ(ESP_OK, launch("sparse", &multiply_once<32, false, 0>, 1, 32, nullptr, p.a.data(),
                           p.b.data(), p.metadata.data(), p.c.data()));
  for (size_t i = 0; i < 128; ++i) ASSERT_EQ(i < 8, std::isnan(p.c[i])) << i;
}

__global__ void load_four(const uint16_t* source, uint32_t* out, int misaligned) {
  __align__(16) __shared__ uint16_t tile[4 * 64 + 8];
  const int lane = static_cast<int>(threadIdx.x);
  for (int i = lane; i < 256; i += 32) tile[i] = source[i];
  __syncwarp();
  uint32_t registers[4];
  load_matrices(registers, tile + lane * 8 + misaligned);
  for (int i = 0; i < 4; ++i) out[lane * 4 + i] = registers[i];
}

TEST(SimtMmaTest, LoadsMatricesByRows) {
  std::vector<uint16_t> source(256);
  for (size_t i = 0; i < 256; ++i) source[i] = static_cast<uint16_t>(i * 7 + 1);
  std::vector<uint32_t> out(128);
  ASSERT_EQ(ESP_OK, launch("load", &load_four, 1, 32, nullptr, source.data(), out.data(), 0));
  for (size_t lane = 0; lane < 32; ++lane)
    for (size_t i = 0; i < 4; ++i) {
      const size_t at = i * 64 + lane / 4 * 8 + lane % 4 * 2;
      ASSERT_EQ(pair_of(source[at], source[at + 1]), out[lane * 4 + i]);
    }
  EXPECT_EQ(ESP_DEVICE_LOST,
            launch("load", &load_four, 1, 32, nullptr, source.data(), out.data(), 2));
}

template <int pending>
__global__ void copy_two(const uint4* source, uint4* out) {
  __shared__ uint4 tile[3];
  tile[0] = tile[1] = tile[2] = make_uint4(9, 9, 9, 9);
  copy16_async(tile, source, true);
  commit_copies();
  copy16_async(tile + 1, source + 1, true);
  copy16_async(tile + 2, source, false);
  commit_copies();
  wait_for_copies<pending>();
  for (int i = 0; i < 3; ++i) out[i] = tile[i];
}

TEST(SimtMmaTest, CopiesWhenItIsWaitedFor) {
  const std::vector<uint4> source = {{1, 2, 3, 4}, {5, 6, 7, 8}};
  std::vector<uint4> out(3);
  const auto first = [&](size_t i) { return out[i].x; };
  ASSERT_EQ(ESP_OK, launch("copy", &copy_two<0>, 1, 1, nullptr, source.data(), out.data()));
  EXPECT_TRUE(first(0) == 1 && first(1) == 5 && first(2) == 0);
  ASSERT_EQ(ESP_OK, launch("copy", &copy_two<1>, 1, 1, nullptr, source.data(), out.data()));
  EXPECT_TRUE(first(0) == 1 && first(1) == 9 && first(2) == 9);
  ASSERT_EQ(ESP_OK, launch("copy", &copy_two<2>, 1, 1, nullptr, source.data(), out.data()));
  EXPECT_TRUE(first(0) == 9 && first(1) == 9 && first(2) == 9);
}

}  // namespace
}  // namespace espalier
