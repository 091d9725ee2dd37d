// Steps of the optimisers.
#pragma once

#include <cmath>

#include "fuzz/test_items.h"

namespace espalier::test {

template <class Item, class Settings>
class optim_case : public items_case<Item> {
 protected:
  using base = items_case<Item>;

  optim_case(const char* function, int32_t backend, dice& d) : base(function, backend, d) {
    criterion_ = static_cast<int32_t>(d.between(0, 3));
    this->number("criterion", &criterion_, {-1, 4, int32_least, int32_most});
    this->pointer("settings", &const_settings_, true, 1);
  }

  // A setting from `least` up to 1, which itself is refused where `below_one`.
  void setting(const char* name, double* field, double least, bool below_one) {
    const double range = static_cast<double>(this->d_.between(0, 1000)) / 1024.0;
    *field = least + (1.0 - least) * range;
    const std::string full = std::string("settings.") + name;
    refuse(full, field, least > -1.0 ? least - 0.125 : -HUGE_VAL);
    if (below_one) refuse(full, field, 1.0);
  }

  // The tensors that both kinds of item have.
  void common(Item& item, int32_t n) {
    item.count = this->size();
    const int64_t bytes = 4 * item.count;
    this->count_field(n, &item.count);
    this->tensor(n, "weight", &item.weight, bytes, 4);
    this->tensor(n, "gradient", &item.gradient, bytes, 4);
    if (this->d_.one_in(2)) optional(n, "bits", &item.bits, (item.count + 31) / 32 * 4);
    if (this->d_.one_in(2)) optional(n, "score", &item.score, bytes);
    item.weight_decay = this->d_.one_in(2) ? 0.0 : 0.01;
    refuse(this->of_item(n, "weight_decay"), &item.weight_decay, -0.5);
  }

  Settings settings_ = {};
  const Settings* const_settings_ = &settings_;
  int32_t criterion_;

 private:
  void refuse(const std::string& name, double* field, double wrong) {
    this->number(name, field, {wrong, std::nan(""), HUGE_VAL, -HUGE_VAL});
  }

  template <class P>
  void optional(int32_t n, const char* name, P* field, int64_t bytes) {
    *field = this->memory(bytes, 4);
    this->pointer(this->of_item(n, name), field, false, bytes > 0 ? 4 : 1);
  }
};

class sgd_case : public optim_case<esp_sgd_item, esp_sgd> {
 public:
  sgd_case(int32_t backend, dice& d) : optim_case("esp_sgd_step", backend, d) {
    setting("learning_rate", &settings_.learning_rate, 0.0, false);
    setting("momentum", &settings_.momentum, 0.0, true);
    setting("gradient_scale", &settings_.gradient_scale, -1.0, false);
    if (d.one_in(4)) settings_.momentum = 0.0;
    settings_.nesterov = settings_.momentum > 0 ? d.pick({0, 1, -5}) : 0;
    number("settings.nesterov", &settings_.nesterov,
           settings_.momentum > 0 ? std::vector<int32_t>{} : std::vector<int32_t>{1, int32_least});
    fill_items([&](esp_sgd_item& item, int32_t n) {
      common(item, n);
      if (settings_.momentum > 0) tensor(n, "momentum", &item.momentum, 4 * item.count, 4);
    });
  }
  int32_t call() override {
    return esp_sgd_step(const_target_, items_, count_, const_settings_, criterion_, workspace_,
                        nullptr);
  }
  int64_t workspace_bytes() override { return esp_sgd_step_workspace_bytes(const_target_, count_); }
};

class adam_case : public optim_case<esp_adam_item, esp_adam> {
 public:
  adam_case(int32_t backend, dice& d) : optim_case("esp_adam_step", backend, d) {
    setting("learning_rate", &settings_.learning_rate, 0.0, false);
    setting("beta1", &settings_.beta1, 0.0, true);
    setting("beta2", &settings_.beta2, 0.0, true);
    setting("epsilon", &settings_.epsilon, 0.0, false);
    setting("gradient_scale", &settings_.gradient_scale, -1.0, false);
    settings_.step = d.one_in(9) ? int64_most : d.between(1, 100);
    number("settings.step", &settings_.step, {0, -1, int64_least});
    settings_.decoupled = d.pick({0, 1, int32_least});
    fill_items([&](esp_adam_item& item, int32_t n) {
      common(item, n);
      tensor(n, "mean", &item.mean, 4 * item.count, 4);
      tensor(n, "square", &item.square, 4 * item.count, 4);
    });
  }
  int32_t call() override {
    return esp_adam_step(const_target_, items_, count_, const_settings_, criterion_, workspace_,
                         nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_adam_step_workspace_bytes(const_target_, count_);
  }
};

}  // namespace espalier::test
