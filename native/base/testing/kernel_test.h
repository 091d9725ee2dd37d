// The contract-test fixture: one parameter per row of a kernels.inc, skipped with the cause where
// the hardware is missing. In a SIMT build ESP_BACKEND_CUDA is the shim.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "base/testing/memory.h"
#include "base/testing/values.h"
#include "espalier/kernels.h"

namespace espalier::test {

struct kernel_case {
  const char* operation;
  const char* name;
  int32_t backend;
};

inline void PrintTo(const kernel_case& row, std::ostream* out) {
  *out << row.name;
}

// The rows of `operation` among `rows`.
inline std::vector<kernel_case> rows_of(const std::string& operation,
                                        const std::vector<kernel_case>& rows) {
  std::vector<kernel_case> chosen;
  for (const kernel_case& row : rows)
    if (operation == row.operation) chosen.push_back(row);
  return chosen;
}

inline std::string case_name(const ::testing::TestParamInfo<kernel_case>& info) {
  return info.param.name;
}

// Opens the CUDA library that this test was built with, if any.
inline void open_cuda_library() {
#ifdef ESPALIER_TEST_CUDA_LIBRARY
  ASSERT_EQ(ESP_OK, esp_cuda_open(ESPALIER_TEST_CUDA_LIBRARY)) << esp_last_message();
#endif
}

class KernelTest : public ::testing::TestWithParam<kernel_case> {
 protected:
  void SetUp() override {
    open_cuda_library();
    if (esp_backend_available(backend()) == 0) GTEST_SKIP() << esp_last_message();
  }

  int32_t backend() const { return GetParam().backend; }
  bool is_cuda() const { return backend() == ESP_BACKEND_CUDA; }
  esp_target target(int32_t threads = 2) const { return {backend(), threads}; }
  // Thread counts that must all give the same result. Only vector kernels use threads.
  std::vector<int32_t> thread_counts() const {
    return is_cuda() || backend() == ESP_BACKEND_REFERENCE ? std::vector<int32_t>{1}
                                                           : std::vector<int32_t>{1, 2, 3, 7};
  }
};

}  // namespace espalier::test

#define EXPECT_OK(call) EXPECT_EQ(ESP_OK, call) << esp_last_message()
#define ASSERT_OK(call) ASSERT_EQ(ESP_OK, call) << esp_last_message()

// Instantiates `suite` over the rows of `operation`.
#define INSTANTIATE_KERNEL_SUITE(suite, operation)                                              \
  INSTANTIATE_TEST_SUITE_P(                                                                     \
      Kernels, suite, ::testing::ValuesIn(::espalier::test::rows_of(#operation, kernel_cases)), \
      ::espalier::test::case_name)

// Rows for `const std::vector<kernel_case> kernel_cases = { #include "kernels/<family>/kernels.inc"
// };`
#define ESP_KERNEL_CPU(operation, isa, name) {#operation, #name, ESP_BACKEND_##isa},
#define ESP_KERNEL_CUDA(operation, name) {#operation, #name, ESP_BACKEND_CUDA},
