#include "base/testing/values.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace espalier::test {

std::vector<int64_t> sizes_up_to(int64_t max) {
  std::vector<int64_t> sizes = {0, 1, 2, 3};
  for (int64_t power = 4; power - 1 <= max; power *= 2)
    for (int64_t size : {power - 1, power, power + 1}) sizes.push_back(size);
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  sizes.erase(std::upper_bound(sizes.begin(), sizes.end(), max), sizes.end());
  return sizes;
}

std::vector<float> random_values(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<float> values(static_cast<size_t>(count));
  // 24 random bits give every multiple of 2^-23 in [-1, 1) exactly, on any standard library.
  for (float& v : values)
    v = static_cast<float>(static_cast<int32_t>(generator() >> 8) - (1 << 23)) * 0x1p-23f;
  return values;
}

const std::vector<float>& extreme_values() {
  using limits = std::numeric_limits<float>;
  static const std::vector<float> values = {0.0f,
                                            -0.0f,
                                            limits::denorm_min(),
                                            -limits::denorm_min(),
                                            0x1.fffffcp-127f,
                                            -0x1.fffffcp-127f,
                                            limits::min(),
                                            -limits::min(),
                                            limits::max(),
                                            -limits::max(),
                                            limits::infinity(),
                                            -limits::infinity()};
  return values;
}

std::vector<float> rough_values(int64_t count, uint32_t seed) {
  std::vector<float> values = random_values(count, seed);
  std::mt19937 generator(seed + 1);
  for (float& v : values)
    if (generator() % 8 == 0) v = extreme_values()[generator() % extreme_values().size()];
  return values;
}

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

double summation_tolerance(double epsilon, int64_t length, double magnitude) {
  return epsilon * static_cast<double>(length < 1 ? 1 : length) * magnitude;
}

}  // namespace espalier::test
