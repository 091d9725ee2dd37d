// The C ABI outside the families: backends, the kernel table, messages.
#include <set>
#include <string>
#include <thread>

#include "base/testing/kernel_test.h"

namespace espalier::test {
namespace {

TEST(OpenTest, RefusesWhatIsNotTheCudaLibrary) {
  for (int32_t i = 0; i < esp_kernel_count(); ++i)
    if (esp_kernel_backend(i) == ESP_BACKEND_CUDA)
      GTEST_SKIP() << "the CUDA library is open already";
  EXPECT_EQ(ESP_UNAVAILABLE, esp_cuda_open("/nonexistent/libespalier_kernels_cuda.so"));
  EXPECT_NE(std::string::npos, std::string(esp_last_message()).find("/nonexistent/"));
  EXPECT_EQ(ESP_UNAVAILABLE, esp_cuda_open("libm.so.6"));
  EXPECT_STREQ("esp_cuda_open: expected libespalier_kernels_cuda, got libm.so.6",
               esp_last_message());
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_cuda_open(nullptr));
  EXPECT_EQ(0, esp_cuda_device_count());
  EXPECT_EQ(0, esp_backend_available(ESP_BACKEND_CUDA));
  EXPECT_STREQ("backend CUDA: expected the CUDA library to be open, got none; call esp_cuda_open",
               esp_last_message());
}

class TableTest : public ::testing::Test {
 protected:
  void SetUp() override { open_cuda_library(); }
};

TEST_F(TableTest, NamesEveryKernelOnceAfterItsBackend) {
  static const char* const suffixes[] = {"", "_reference", "_avx2", "_avx512", "_cuda"};
  std::set<std::string> names;
  ASSERT_GT(esp_kernel_count(), 0);
  for (int32_t i = 0; i < esp_kernel_count(); ++i) {
    const std::string name = esp_kernel_name(i), suffix = suffixes[esp_kernel_backend(i)];
    EXPECT_TRUE(names.insert(name).second) << name << " appears twice";
    ASSERT_GT(name.size(), suffix.size());
    EXPECT_EQ(suffix, name.substr(name.size() - suffix.size()));
  }
}

TEST_F(TableTest, EndsAtItsCount) {
  for (int32_t index : {-1, esp_kernel_count()}) {
    EXPECT_EQ(nullptr, esp_kernel_name(index));
    EXPECT_EQ(-1, esp_kernel_backend(index));
  }
}

TEST_F(TableTest, AlwaysOffersTheReference) {
  EXPECT_EQ(1, esp_backend_available(ESP_BACKEND_REFERENCE));
  EXPECT_EQ(1, esp_backend_available(ESP_BACKEND_AUTO));
}

TEST_F(TableTest, SaysWhyABackendIsMissing) {
  EXPECT_EQ(0, esp_backend_available(17));
  EXPECT_STREQ("backend: expected 0 to 4, got 17", esp_last_message());
}

TEST_F(TableTest, RefusesAMissingTarget) {
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_score(nullptr, nullptr, 0, 0, nullptr, nullptr));
  EXPECT_STREQ("esp_score: target: expected a target, got NULL", esp_last_message());
  const esp_target idle = {ESP_BACKEND_REFERENCE, 0};
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_score(&idle, nullptr, 0, 0, nullptr, nullptr));
  EXPECT_STREQ("esp_score: target.threads: expected at least 1, got 0", esp_last_message());
  const esp_target crowd = {ESP_BACKEND_REFERENCE, 1025};
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_score(&crowd, nullptr, 0, 0, nullptr, nullptr));
  EXPECT_STREQ("esp_score: target.threads: expected at most 1024, got 1025", esp_last_message());
  const esp_target nowhere = {17, 1};
  EXPECT_EQ(ESP_INVALID_ARGUMENT, esp_score(&nowhere, nullptr, 0, 0, nullptr, nullptr));
  EXPECT_STREQ("esp_score: target.backend: expected 0 to 4, got 17", esp_last_message());
}

TEST_F(TableTest, KeepsMessagesPerThread) {
  esp_backend_available(17);
  std::thread([] {
    EXPECT_STREQ("", esp_last_message());
    esp_backend_available(18);
  }).join();
  EXPECT_STREQ("backend: expected 0 to 4, got 17", esp_last_message());
}

}  // namespace
}  // namespace espalier::test
