// Sizes, values and tolerances that tests of every family share.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace espalier::test {

// 0, 1, 2, 3 and each power of two up to `max` with its neighbours, ascending, without repeats.
std::vector<int64_t> sizes_up_to(int64_t max);

// Values in (-1, 1), the same for the same seed.
std::vector<float> random_values(int64_t count, uint32_t seed);

// Zeros of both signs, denormals, the smallest and largest normal numbers, infinities; no NaN.
const std::vector<float>& extreme_values();

// random_values with an extreme value at about every eighth place.
std::vector<float> rough_values(int64_t count, uint32_t seed);

uint32_t bits_of(float value);

constexpr double float_epsilon = std::numeric_limits<float>::epsilon();
constexpr double double_epsilon = std::numeric_limits<double>::epsilon();

// Bound of the error of summing `length` terms of total magnitude `magnitude` in any order, each
// operation rounded with `epsilon`.
double summation_tolerance(double epsilon, int64_t length, double magnitude);

}  // namespace espalier::test
