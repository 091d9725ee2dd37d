// Calls over lists of tensors that are read and written element by element.
#pragma once

#include "fuzz/test_case.h"

namespace espalier::test {

// Up to four items of one kind.
template <class Item>
class items_case : public fuzz_case {
 protected:
  items_case(const char* function, int32_t backend, dice& d) : fuzz_case(function, backend, d) {
    count_ = static_cast<int32_t>(d.between(0, 4));
    storage_.resize(static_cast<size_t>(count_));
    items_ = storage_.data();
    item_array(&items_, &count_);
  }

  // Fills each item with fill(item, index).
  template <class Fill>
  void fill_items(Fill&& fill) {
    for (int32_t n = 0; n < static_cast<int32_t>(storage_.size()); ++n) {
      Item& item = storage_[static_cast<size_t>(n)];
      item = {};
      fill(item, n);
    }
  }

  void count_field(int32_t n, int64_t* count) { number(of_item(n, "count"), count, no_size); }

  // A tensor of `bytes` that the call reads or writes.
  template <class P>
  void tensor(int32_t n, const char* name, P* field, int64_t bytes, int64_t unit) {
    *field = memory(bytes, unit);
    if (bytes == 0 && d_.one_in(2)) *field = nullptr;
    pointer(of_item(n, name), field, bytes > 0, bytes > 0 ? static_cast<uintptr_t>(unit) : 1);
  }

  std::vector<Item> storage_;
  const Item* items_;
  int32_t count_;
};

class score_case : public items_case<esp_score_item> {
 public:
  score_case(int32_t backend, dice& d) : items_case("esp_score", backend, d) {
    criterion_ = static_cast<int32_t>(d.between(0, 3));
    number("criterion", &criterion_, {-1, 4, int32_least, int32_most});
    fill_items([&](esp_score_item& item, int32_t n) {
      item.count = size();
      count_field(n, &item.count);
      if (criterion_ == ESP_CRITERION_MAGNITUDE || criterion_ == ESP_CRITERION_TAYLOR)
        tensor(n, "weight", &item.weight, 4 * item.count, 4);
      if (criterion_ != ESP_CRITERION_MAGNITUDE)
        tensor(n, "gradient", &item.gradient, 4 * item.count, 4);
      tensor(n, "score", &item.score, 4 * item.count, 4);
    });
  }
  int32_t call() override {
    return esp_score(const_target_, items_, count_, criterion_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override { return esp_score_workspace_bytes(const_target_, count_); }

 private:
  int32_t criterion_;
};

class select_case : public items_case<esp_select_item> {
 public:
  select_case(int32_t backend, dice& d) : items_case("esp_select", backend, d) {
    int64_t total = 0;
    fill_items([&](esp_select_item& item, int32_t n) {
      item.count = size();
      total += item.count;
      count_field(n, &item.count);
      tensor(n, "score", &item.score, 4 * item.count, 4);
    });
    k_ = d.between(0, total);
    number("k", &k_, {-1, int64_least, int64_most, total + 1});
    selection_ = static_cast<esp_selection*>(memory(sizeof(esp_selection), 8));
    pointer("selection", &selection_, true, 8);
  }
  int32_t call() override {
    return esp_select(const_target_, items_, count_, k_, selection_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_select_workspace_bytes(const_target_, items_, count_);
  }

 private:
  int64_t k_;
  esp_selection* selection_;
};

class mask_build_case : public items_case<esp_mask_build_item> {
 public:
  mask_build_case(int32_t backend, dice& d) : items_case("esp_mask_build", backend, d) {
    fill_items([&](esp_mask_build_item& item, int32_t n) {
      item.count = size();
      count_field(n, &item.count);
      tensor(n, "score", &item.score, 4 * item.count, 4);
      tensor(n, "bits", &item.bits, (item.count + 31) / 32 * 4, 4);
    });
    const float value = static_cast<float>(d.between(-8, 8)) * 0.25f;
    content_ = {value, -1, 0, d.between(0, 50), d.one_in(2) ? 0 : d.between(0, 100)};
    selection_ = values(std::vector<esp_selection>{content_});
    pointer("selection", &selection_, true, 8);
    if (backend == ESP_BACKEND_CUDA) return;  // there the selection is not looked at
    auto* host = const_cast<esp_selection*>(selection_);
    number("selection.ties", &host->ties, {-1, int64_least});
    number("selection", &host->nan_item, {0, int32_most});
  }
  int32_t call() override {
    return esp_mask_build(const_target_, items_, count_, selection_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_mask_build_workspace_bytes(const_target_, items_, count_);
  }

 private:
  esp_selection content_;
  const esp_selection* selection_;
};

// esp_mask_pack, or esp_mask_unpack.
class mask_convert_case : public items_case<esp_mask_pack_item> {
 public:
  mask_convert_case(int32_t backend, dice& d, bool pack)
      : items_case(pack ? "esp_mask_pack" : "esp_mask_unpack", backend, d), pack_(pack) {
    fill_items([&](esp_mask_pack_item& item, int32_t n) {
      item.count = size();
      count_field(n, &item.count);
      tensor(n, "bytes", &item.bytes, item.count, 1);
      tensor(n, "bits", &item.bits, (item.count + 31) / 32 * 4, 4);
    });
  }
  int32_t call() override {
    return (pack_ ? esp_mask_pack : esp_mask_unpack)(const_target_, items_, count_, workspace_,
                                                     nullptr);
  }
  int64_t workspace_bytes() override { return esp_mask_workspace_bytes(const_target_, count_); }

 private:
  bool pack_;
};

class mask_apply_case : public items_case<esp_mask_apply_item> {
 public:
  mask_apply_case(int32_t backend, dice& d) : items_case("esp_mask_apply", backend, d) {
    fill_items([&](esp_mask_apply_item& item, int32_t n) {
      item.count = size();
      count_field(n, &item.count);
      tensor(n, "values", &item.values, 4 * item.count, 4);
      tensor(n, "bits", &item.bits, (item.count + 31) / 32 * 4, 4);
    });
  }
  int32_t call() override {
    return esp_mask_apply(const_target_, items_, count_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override { return esp_mask_workspace_bytes(const_target_, count_); }
};

class mask_count_case : public items_case<esp_mask_count_item> {
 public:
  mask_count_case(int32_t backend, dice& d) : items_case("esp_mask_count", backend, d) {
    fill_items([&](esp_mask_count_item& item, int32_t n) {
      item.count = size();
      count_field(n, &item.count);
      tensor(n, "bits", &item.bits, (item.count + 31) / 32 * 4, 4);
    });
    kept_ = static_cast<int64_t*>(memory(8 * count_, 8));
    pointer("kept", &kept_, count_ > 0, count_ > 0 ? 8 : 1);
  }
  int32_t call() override {
    return esp_mask_count(const_target_, items_, count_, kept_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override { return esp_mask_workspace_bytes(const_target_, count_); }

 private:
  int64_t* kept_;
};

}  // namespace espalier::test
