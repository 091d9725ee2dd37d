// Checks arguments and calls the kernel of the target.
#include "kernels/optim/optim.h"

#include "base/backend.h"
#include "base/check.h"

namespace espalier {
namespace {

// The largest double below 1.
constexpr double below_one = 1.0 - 0x1p-53;
constexpr double most_float = 3.4028234663852886e38;

struct argument {
  const char* name;
  double value, least, most;
};

// Not-a-number is in no range.
int32_t check_settings(const char* function, const argument* arguments, int32_t count) {
  for (int32_t i = 0; i < count; ++i) {
    const argument& a = arguments[i];
    ESP_REQUIRE(a.value >= a.least && a.value <= a.most,
                "%s: settings.%s: expected %g to %s%g, got %g", function, a.name, a.least,
                a.most == below_one ? "below " : "", a.most, a.value);
  }
  return ESP_OK;
}

struct operand {
  const char* name;
  const void* pointer;
  bool required;
};

template <class Item>
int32_t check_item(const char* function, const Item& item, int32_t index, const operand* operands,
                   int32_t operand_count) {
  for (int32_t i = 0; i < operand_count; ++i) {
    const operand& o = operands[i];
    ESP_REQUIRE(o.pointer != nullptr || !o.required || item.count == 0,
                "%s: items[%d].%s: expected a tensor, got NULL", function, index, o.name);
    ESP_TRY(check_item_aligned(function, index, o.name, o.pointer, sizeof(float)));
  }
  ESP_REQUIRE(item.weight_decay >= 0.0 && item.weight_decay <= most_float,
              "%s: items[%d].weight_decay: expected 0 to %g, got %g", function, index, most_float,
              item.weight_decay);
  return ESP_OK;
}

int32_t check_call(const char* function, const void* items, int32_t item_count,
                   const void* settings, int32_t criterion) {
  ESP_REQUIRE(item_count >= 0, "%s: item_count: expected at least 0, got %d", function, item_count);
  ESP_REQUIRE(items != nullptr || item_count == 0, "%s: items: expected %d items, got NULL",
              function, item_count);
  ESP_REQUIRE(settings != nullptr, "%s: settings: expected settings, got NULL", function);
  ESP_REQUIRE(criterion >= ESP_CRITERION_MAGNITUDE && criterion <= ESP_CRITERION_TAYLOR,
              "%s: criterion: expected 0 to %d, got %d", function, ESP_CRITERION_TAYLOR, criterion);
  return ESP_OK;
}

int32_t check_sgd(const char* function, const sgd_step_call& call) {
  ESP_TRY(check_call(function, call.items, call.item_count, call.settings, call.criterion));
  const esp_sgd& s = *call.settings;
  const argument arguments[] = {{"learning_rate", s.learning_rate, 0.0, most_float},
                                {"momentum", s.momentum, 0.0, below_one},
                                {"gradient_scale", s.gradient_scale, -most_float, most_float}};
  ESP_TRY(check_settings(function, arguments, 3));
  ESP_REQUIRE(s.nesterov == 0 || s.momentum > 0.0,
              "%s: settings.nesterov: expected 0 without momentum, got %d", function, s.nesterov);
  int64_t total = 0;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_sgd_item& item = call.items[n];
    ESP_TRY(add_count(function, n, item.count, &total));
    const operand operands[] = {{"weight", item.weight, true},
                                {"gradient", item.gradient, true},
                                {"momentum", item.momentum, s.momentum > 0.0},
                                {"bits", item.bits, false},
                                {"score", item.score, false}};
    ESP_TRY(check_item(function, item, n, operands, 5));
  }
  return ESP_OK;
}

int32_t check_adam(const char* function, const adam_step_call& call) {
  ESP_TRY(check_call(function, call.items, call.item_count, call.settings, call.criterion));
  const esp_adam& s = *call.settings;
  const argument arguments[] = {{"learning_rate", s.learning_rate, 0.0, most_float},
                                {"beta1", s.beta1, 0.0, below_one},
                                {"beta2", s.beta2, 0.0, below_one},
                                {"epsilon", s.epsilon, 0.0, most_float},
                                {"gradient_scale", s.gradient_scale, -most_float, most_float}};
  ESP_TRY(check_settings(function, arguments, 5));
  ESP_REQUIRE(s.step >= 1, "%s: settings.step: expected at least 1, got %lld", function,
              static_cast<long long>(s.step));
  int64_t total = 0;
  for (int32_t n = 0; n < call.item_count; ++n) {
    const esp_adam_item& item = call.items[n];
    ESP_TRY(add_count(function, n, item.count, &total));
    const operand operands[] = {{"weight", item.weight, true}, {"gradient", item.gradient, true},
                                {"mean", item.mean, true},     {"square", item.square, true},
                                {"bits", item.bits, false},    {"score", item.score, false}};
    ESP_TRY(check_item(function, item, n, operands, 6));
  }
  return ESP_OK;
}

// Resolves the target, checks the rest, and runs the kernel unless there is nothing to do.
template <class Call, class Check>
int32_t run(const char* function, const char* operation, const esp_target* target, Call call,
            Check&& check) {
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(find_kernel(function, operation, resolved, &row));
  ESP_TRY(check(function, call));
  call.threads = resolved.threads;
  return call.item_count == 0 ? ESP_OK : run_kernel(*row, call);
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int32_t esp_sgd_step(const esp_target* target, const esp_sgd_item* items, int32_t item_count,
                     const esp_sgd* settings, int32_t criterion, void*, void* stream) {
  return run("esp_sgd_step", "sgd_step", target,
             sgd_step_call{items, item_count, settings, criterion, 1, stream}, check_sgd);
}

int64_t esp_sgd_step_workspace_bytes(const esp_target*, int32_t) {
  return 0;
}

int32_t esp_adam_step(const esp_target* target, const esp_adam_item* items, int32_t item_count,
                      const esp_adam* settings, int32_t criterion, void*, void* stream) {
  return run("esp_adam_step", "adam_step", target,
             adam_step_call{items, item_count, settings, criterion, 1, stream}, check_adam);
}

int64_t esp_adam_step_workspace_bytes(const esp_target*, int32_t) {
  return 0;
}
