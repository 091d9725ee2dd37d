// What the tests of both operations share.
#pragma once

#include <cmath>

#include "base/testing/kernel_test.h"

namespace espalier::test {
namespace {

const std::vector<kernel_case> kernel_cases = {
#include "kernels/score/kernels.inc"
};

constexpr int32_t criteria[] = {ESP_CRITERION_MAGNITUDE, ESP_CRITERION_GRADIENT,
                                ESP_CRITERION_SIGNED_GRADIENT, ESP_CRITERION_TAYLOR};

float expected_element(int32_t criterion, float w, float g) {
  switch (criterion) {
    case ESP_CRITERION_MAGNITUDE: return std::fabs(w);
    case ESP_CRITERION_GRADIENT: return std::fabs(g);
    case ESP_CRITERION_SIGNED_GRADIENT: return g;
    default: return std::fabs(w * g);
  }
}

}  // namespace
}  // namespace espalier::test
