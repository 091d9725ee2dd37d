// Calls over tensors with axes: channel scores and gather.
#pragma once

#include "fuzz/test_items.h"

namespace espalier::test {

class score_channels_case : public items_case<esp_channel_item> {
 public:
  score_channels_case(int32_t backend, dice& d) : items_case("esp_score_channels", backend, d) {
    criterion_ = static_cast<int32_t>(d.between(0, 3));
    norm_ = static_cast<int32_t>(d.between(0, 2));
    number("criterion", &criterion_, {-1, 4, int32_least, int32_most});
    number("norm", &norm_, {-1, 3, int32_least, int32_most});
    fill_items([&](esp_channel_item& item, int32_t n) { fill(item, n); });
  }
  int32_t call() override {
    return esp_score_channels(const_target_, items_, count_, criterion_, norm_, workspace_,
                              nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_score_channels_workspace_bytes(const_target_, items_, count_);
  }

 private:
  void fill(esp_channel_item& item, int32_t n) {
    item.outer = d_.between(0, 5);
    item.channels = d_.one_in(50) ? d_.between(100, 300) : d_.between(1, 20);
    item.inner = d_.one_in(20) ? d_.between(30, 70) : d_.between(0, 10);
    const int64_t row = item.channels * item.inner;
    item.outer_stride = row + (d_.one_in(3) ? d_.between(0, 9) : 0);
    const int64_t last = item.outer == 0 ? 0 : (item.outer - 1) * item.outer_stride + row;
    const int64_t read = item.outer * item.inner > 0 ? 4 * last : 0;
    number(of_item(n, "outer"), &item.outer, no_size);
    number(of_item(n, "channels"), &item.channels, no_size);
    number(of_item(n, "channels"), &item.channels, {0});
    number(of_item(n, "inner"), &item.inner, no_size);
    number(of_item(n, "outer_stride"), &item.outer_stride,
           item.outer > 1 && row > 0
               ? std::vector<int64_t>{row - 1, -1, int64_least, int64_most, int64_most / 4}
               : std::vector<int64_t>{});
    if (criterion_ == ESP_CRITERION_MAGNITUDE || criterion_ == ESP_CRITERION_TAYLOR)
      tensor(n, "weight", &item.weight, read, 4);
    if (criterion_ != ESP_CRITERION_MAGNITUDE) tensor(n, "gradient", &item.gradient, read, 4);
    if (n > 0 && d_.one_in(3) &&
        storage_[static_cast<size_t>(n - 1)].channels == item.channels)  // a group
      item.score = storage_[static_cast<size_t>(n - 1)].score;
    else
      tensor(n, "score", &item.score, 4 * item.channels, 4);
  }

  int32_t criterion_, norm_;
};

class gather_case : public items_case<esp_gather_item> {
 public:
  gather_case(int32_t backend, dice& d) : items_case("esp_gather", backend, d) {
    fill_items([&](esp_gather_item& item, int32_t n) { fill(item, n); });
  }
  int32_t call() override { return esp_gather(const_target_, items_, count_, workspace_, nullptr); }
  int64_t workspace_bytes() override { return esp_gather_workspace_bytes(const_target_, count_); }

 private:
  void fill(esp_gather_item& item, int32_t n) {
    item.outer = d_.between(0, 3);
    item.axis0 = d_.between(0, 6);
    item.middle = d_.between(0, 3);
    item.axis1 = d_.between(0, 6);
    item.inner_bytes = d_.one_in(8) ? d_.between(1, 200) : 4 * d_.between(1, 9);
    axis(item.axis0, &item.out_axis0, &item.index0, of_item(n, "index0"));
    axis(item.axis1, &item.out_axis1, &item.index1, of_item(n, "index1"));
    number(of_item(n, "outer"), &item.outer, no_size);
    number(of_item(n, "axis0"), &item.axis0, no_size);
    number(of_item(n, "out_axis0"), &item.out_axis0, no_size);
    number(of_item(n, "middle"), &item.middle, no_size);
    number(of_item(n, "axis1"), &item.axis1, no_size);
    number(of_item(n, "out_axis1"), &item.out_axis1, no_size);
    number(of_item(n, "inner_bytes"), &item.inner_bytes, no_size);
    number(of_item(n, "inner_bytes"), &item.inner_bytes, {0});
    tensor(n, "in", &item.in, bytes(item, item.axis0, item.axis1), 1);
    const int64_t written = bytes(item, item.out_axis0, item.out_axis1);
    tensor(n, "out", &item.out, written, 1);
    if (target_.backend == ESP_BACKEND_CUDA || written == 0) return;  // indices are not looked at
    one_index(item.axis0, item.out_axis0, item.index0, of_item(n, "index0"));
    one_index(item.axis1, item.out_axis1, item.index1, of_item(n, "index1"));
  }

  static int64_t bytes(const esp_gather_item& item, int64_t axis0, int64_t axis1) {
    return item.outer * axis0 * item.middle * axis1 * item.inner_bytes;
  }

  // Kept whole, or some of its indices in any order.
  void axis(int64_t axis, int64_t* out, const int64_t** index, const std::string& name) {
    *out = axis;
    if (axis == 0 || d_.one_in(2)) return;
    *out = d_.between(1, axis + 1);
    std::vector<int64_t> chosen(static_cast<size_t>(*out));
    for (int64_t& i : chosen) i = d_.between(0, axis - 1);
    *index = values(chosen);
    pointer(name, index, false, 8);
  }

  void one_index(int64_t axis, int64_t out, const int64_t* index, const std::string& name) {
    if (index == nullptr) return;
    auto* one = const_cast<int64_t*>(index) + d_.between(0, out - 1);
    number(name, one, {-1, axis, int64_least, int64_most});
  }
};

}  // namespace espalier::test
