// Random calls of every public function, some with one argument made wrong: no crash, no sanitizer
// report, no write outside the buffers; what is valid is done, what is wrong is refused by name.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/testing/kernel_test.h"
#include "fuzz/test_half.h"
#include "fuzz/test_image16.h"
#include "fuzz/test_optim.h"
#include "fuzz/test_shapes.h"
#include "fuzz/test_vector.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace espalier::test {
namespace {

constexpr uint64_t seed = 20261124;

using make_case = std::unique_ptr<fuzz_case> (*)(int32_t backend, dice& d);

template <class Case>
std::unique_ptr<fuzz_case> make(int32_t backend, dice& d) {
  return std::make_unique<Case>(backend, d);
}
template <class Case>
std::unique_ptr<fuzz_case> make_either(int32_t backend, dice& d) {
  return std::make_unique<Case>(backend, d, d.one_in(2));
}

struct fuzz_plan {
  const char* name;
  int64_t cases;
  make_case make;
};

// 100,000 in all.
const fuzz_plan plans[] = {{"score", 4000, &make<score_case>},
                           {"score_channels", 6000, &make<score_channels_case>},
                           {"select", 6000, &make<select_case>},
                           {"mask_build", 6000, &make<mask_build_case>},
                           {"mask_convert", 6000, &make_either<mask_convert_case>},
                           {"mask_apply", 4000, &make<mask_apply_case>},
                           {"mask_count", 4000, &make<mask_count_case>},
                           {"sgd_step", 5000, &make<sgd_case>},
                           {"adam_step", 5000, &make<adam_case>},
                           {"gather", 6000, &make<gather_case>},
                           {"conv2d_pack", 5000, &make<conv_pack_case>},
                           {"conv2d", 5000, &make<conv_case>},
                           {"conv2d_bytes", 6000, &make_either<conv_query_case>},
                           {"image16_convert", 3000, &make_either<image16_convert_case>},
                           {"image16_pack", 4000, &make<image16_weights_case>},
                           {"image16_run", 4000, &make<image16_run_case>},
                           {"image16_gradient", 4000, &make<image16_gradient_case>},
                           {"image16_bytes", 1000, &make_either<image16_query_case>},
                           {"vector_pack", 4000, &make<vector_pack_case>},
                           {"vector_run", 4000, &make<vector_run_case>},
                           {"half_pack", 2000, &make<half_pack_case>},
                           {"half_run", 2000, &make<half_run_case>},
                           {"half_bytes", 1000, &make<half_query_case>},
                           {"channel_list", 1000, &make<channel_list_case>},
                           {"channels_run", 2000, &make<channels_run_case>}};

// What is running, for the report of a sanitizer that ends the process.
const fuzz_case* running = nullptr;
std::string running_place;

std::string report() {
  return running_place + ": " + (running == nullptr ? "" : running->describe());
}

[[maybe_unused]] void report_death() {
  std::fprintf(stderr, "while running %s\n", report().c_str());
}

}  // namespace
}  // namespace espalier::test

#ifdef __SANITIZE_ADDRESS__
// UndefinedBehaviorSanitizer calls it with every report; it has no death callback.
extern "C" [[gnu::visibility("default")]] void __ubsan_on_report() {
  espalier::test::report_death();
}
#endif

namespace espalier::test {
namespace {

bool is_one_line_of(const std::string& function, const std::string& message) {
  return message.rfind(function + ": ", 0) == 0 && message.size() > function.size() + 2 &&
         message.find('\n') == std::string::npos;
}

// A message may name the item instead of the item's field.
bool names(const std::string& argument, const std::string& message) {
  return message.find(argument.substr(0, argument.find('.'))) != std::string::npos;
}

void check(fuzz_case& c, dice& d) {
  const int64_t bytes = c.workspace_bytes();
  if (!c.may_refuse()) {
    ASSERT_GE(bytes, 0) << esp_last_message() << "\n" << report();
    c.give_workspace(bytes);
  }
  const fuzz_case::mutation* broken = nullptr;
  if (d.one_in(2)) {
    broken = &c.mutations()[static_cast<size_t>(
        d.between(0, static_cast<int64_t>(c.mutations().size()) - 1))];
    broken->change();
    running_place += ", " + broken->argument + " made wrong";
  }
  if (const int64_t again = c.workspace_bytes(); again < 0) {
    const std::string message = esp_last_message();
    ASSERT_TRUE(is_one_line_of(c.function() + "_workspace_bytes", message)) << message << "\n"
                                                                            << report();
    ASSERT_TRUE(broken != nullptr && names(broken->argument, message)) << message << "\n"
                                                                       << report();
  }
  const int32_t status = c.call();
  const std::string message = esp_last_message();
  if (status != ESP_OK) {
    ASSERT_TRUE(is_one_line_of(c.function(), message)) << message << "\n" << report();
  }
  if (broken != nullptr) {
    ASSERT_NE(ESP_OK, status) << report();
    ASSERT_TRUE(c.may_refuse() || names(broken->argument, message)) << message << "\n" << report();
  } else if (!c.may_refuse()) {
    ASSERT_EQ(ESP_OK, status) << message << "\n" << report();
  }
  ASSERT_TRUE(c.guards_intact()) << report();
}

class FuzzTest : public ::testing::TestWithParam<fuzz_plan> {};

TEST_P(FuzzTest, DoesWhatIsValidAndRefusesTheRestByName) {
  open_cuda_library();
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback(&report_death);
#endif
  const bool cuda = esp_backend_available(ESP_BACKEND_CUDA) != 0;
  for (int64_t n = 0; n < GetParam().cases; ++n) {
    dice d(seed + static_cast<uint64_t>(n));
    int32_t backend =
        d.pick({ESP_BACKEND_AUTO, ESP_BACKEND_REFERENCE, ESP_BACKEND_AVX2, ESP_BACKEND_AVX512});
    if (d.one_in(6)) backend = ESP_BACKEND_CUDA;
    if (esp_backend_available(backend) == 0) backend = cuda ? ESP_BACKEND_CUDA : ESP_BACKEND_AUTO;
    running_place =
        std::string(GetParam().name) + ", seed " + std::to_string(seed) + " + " + std::to_string(n);
    running = nullptr;
    const std::unique_ptr<fuzz_case> c = GetParam().make(backend, d);
    running = c.get();
    check(*c, d);
    running = nullptr;
    if (HasFatalFailure()) return;
  }
}

std::string plan_name(const ::testing::TestParamInfo<fuzz_plan>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Functions, FuzzTest, ::testing::ValuesIn(plans), plan_name);

TEST(FuzzTableTest, AnswersAnyNumber) {
  open_cuda_library();
  dice d(seed);
  for (int n = 0; n < 2000; ++n) {
    const auto number = static_cast<int32_t>(d.one_in(2) ? d.between(-3, 60) : d.next());
    const bool known = number >= 0 && number < esp_kernel_count();
    ASSERT_EQ(known, esp_kernel_name(number) != nullptr) << number;
    ASSERT_EQ(known, esp_kernel_backend(number) >= 0) << number;
    if (esp_backend_available(number) == 0) {
      ASSERT_EQ(0u, std::string(esp_last_message()).rfind("backend", 0)) << esp_last_message();
    }
  }
  ASSERT_EQ(ESP_INVALID_ARGUMENT, esp_cuda_open(nullptr));
  ASSERT_TRUE(is_one_line_of("esp_cuda_open", esp_last_message())) << esp_last_message();
}

}  // namespace
}  // namespace espalier::test
