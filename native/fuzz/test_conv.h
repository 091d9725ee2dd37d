// Masked convolution: packing, running, and the size queries over shapes of any size.
#pragma once

#include "base/conv_shape.h"
#include "fuzz/test_case.h"

namespace espalier::test {

class conv_shape_case : public fuzz_case {
 protected:
  conv_shape_case(const char* function, int32_t backend, dice& d)
      : fuzz_case(function, backend, d) {
    const int64_t groups = d.one_in(4) ? 2 : 1;
    shape_ = {d.between(0, 2),          groups * d.between(1, 5), d.between(1, 9), d.between(1, 20),
              groups * d.between(1, 7), d.between(1, 3),          d.between(1, 3), d.between(1, 3),
              d.between(1, 3),          d.between(0, 2),          d.between(0, 2), d.between(0, 2),
              d.between(0, 2),          d.between(1, 2),          d.between(1, 2), groups};
    shape_.h += shape_.dilation_h * (shape_.r - 1);  // so that there is output
    shape_.w += shape_.dilation_w * (shape_.s - 1);
    const_shape_ = &shape_;
    weights_ = shape_.k * (shape_.c / groups) * shape_.r * shape_.s;
  }

  void refuse_shapes() {
    pointer("shape", &const_shape_, true, 1);
    esp_conv2d_shape& s = shape_;
    const struct {
      const char* name;
      int64_t* field;
      bool from_one;
    } fields[] = {{"n", &s.n, false},
                  {"c", &s.c, true},
                  {"h", &s.h, true},
                  {"w", &s.w, true},
                  {"k", &s.k, true},
                  {"r", &s.r, true},
                  {"s", &s.s, true},
                  {"stride_h", &s.stride_h, true},
                  {"stride_w", &s.stride_w, true},
                  {"pad_top", &s.pad_top, false},
                  {"pad_left", &s.pad_left, false},
                  {"pad_bottom", &s.pad_bottom, false},
                  {"pad_right", &s.pad_right, false},
                  {"dilation_h", &s.dilation_h, true},
                  {"dilation_w", &s.dilation_w, true},
                  {"groups", &s.groups, true}};
    for (const auto& field : fields) {
      const std::string name = std::string("shape.") + field.name;
      number(name, field.field, no_size);
      number(name, field.field, {int64_t{1} << 31});
      if (field.from_one) number(name, field.field, {0});
    }
    number("shape.groups", &s.groups, {s.c + 1, s.k + 1});
    number("nonzeros", &nonzeros_, {-1, weights_ + 1, int64_least, int64_most});
  }

  void choose_mask() {
    bits_ = nullptr;
    nonzeros_ = weights_;
    if (d_.one_in(4)) return;
    std::vector<uint32_t> content;
    bits_ = mask(weights_, &content);
    nonzeros_ = 0;
    for (const uint32_t word : content) nonzeros_ += __builtin_popcount(word);
  }

  // Of a result of `bytes` bytes with `channels` channels, at multiples of `alignment`.
  void choose_epilogue(int64_t channels, void* result, int64_t bytes, uintptr_t alignment) {
    const_epilogue_ = d_.one_in(8) ? nullptr : &epilogue_;
    if (const_epilogue_ == nullptr) return;
    if (d_.one_in(2)) epilogue_.bias = memory(4 * channels, 4);
    if (d_.one_in(2))
      epilogue_.residual = d_.one_in(2) ? result : memory(bytes, static_cast<int64_t>(alignment));
    epilogue_.activation = static_cast<int32_t>(d_.between(0, 4));
    number("epilogue.activation", &epilogue_.activation, {-1, 5, int32_least, int32_most});
    if (shape_.n == 0) return;
    pointer("epilogue.bias", &epilogue_.bias, false, 4);
    pointer("epilogue.residual", &epilogue_.residual, false, alignment);
  }

  int64_t out_pixels() const { return conv_out_height(shape_) * conv_out_width(shape_); }

  esp_conv2d_shape shape_;
  const esp_conv2d_shape* const_shape_;
  int64_t weights_, nonzeros_ = 0;
  const uint32_t* bits_ = nullptr;
  esp_epilogue epilogue_ = {};
  const esp_epilogue* const_epilogue_ = nullptr;
};

class conv_pack_case : public conv_shape_case {
 public:
  conv_pack_case(int32_t backend, dice& d) : conv_shape_case("esp_conv2d_pack", backend, d) {
    choose_mask();
    refuse_shapes();
    weight_ = memory(4 * weights_, 4);
    pointer("weight", &weight_, true, 4);
    if (bits_ != nullptr) pointer("bits", &bits_, false, 4);
    if (bits_ == nullptr || backend != ESP_BACKEND_CUDA)
      number("nonzeros", &nonzeros_, {nonzeros_ > 0 ? nonzeros_ - 1 : 1});
    const int64_t bytes = esp_conv2d_packed_bytes(&target_, &shape_, nonzeros_);
    packed_ = memory(bytes < 0 ? 0 : bytes, 64);
    pointer("packed", &packed_, true, 64);
  }
  int32_t call() override {
    return esp_conv2d_pack(const_target_, const_shape_, weight_, bits_, nonzeros_, packed_,
                           workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_conv2d_pack_workspace_bytes(const_target_, const_shape_, nonzeros_);
  }

 private:
  void* weight_;
  void* packed_;
};

class conv_case : public conv_shape_case {
 public:
  conv_case(int32_t backend, dice& d) : conv_shape_case("esp_conv2d", backend, d) {
    choose_mask();
    const int64_t bytes = esp_conv2d_packed_bytes(&target_, &shape_, nonzeros_);
    packed_ = memory(bytes < 0 ? 0 : bytes, 64);
    if (esp_conv2d_pack(&target_, &shape_, memory(4 * weights_, 4), bits_, nonzeros_, packed_,
                        nullptr, nullptr) != ESP_OK)
      packed_ = nullptr;
    refuse_shapes();
    pointer("packed", &packed_, true, 64);
    input_ = memory(4 * shape_.n * shape_.c * shape_.h * shape_.w, 4);
    const int64_t output_bytes = 4 * shape_.n * shape_.k * out_pixels();
    output_ = memory(output_bytes, 4);
    choose_epilogue(shape_.k, output_, output_bytes, 4);
    if (shape_.n > 0) {
      pointer("input", &input_, true, 4);
      pointer("output", &output_, true, 4);
    }
  }
  int32_t call() override {
    return esp_conv2d(const_target_, const_shape_, input_, packed_, nonzeros_, const_epilogue_,
                      output_, workspace_, nullptr);
  }
  // Nothing is written without images.
  int64_t workspace_bytes() override {
    const int64_t bytes = esp_conv2d_workspace_bytes(const_target_, const_shape_, nonzeros_);
    return const_shape_ != nullptr && shape_.n == 0 && bytes > 0 ? 0 : bytes;
  }

 private:
  void* packed_;
  void* input_;
  void* output_;
};

// A size query with a few fields of any magnitude: refused, or a size.
class conv_query_case : public conv_shape_case {
 public:
  conv_query_case(int32_t backend, dice& d, bool packed)
      : conv_shape_case(packed ? "esp_conv2d_packed_bytes" : "esp_conv2d_workspace_bytes", backend,
                        d),
        packed_(packed) {
    int64_t* const fields[] = {
        &shape_.n,         &shape_.c,          &shape_.h,          &shape_.w,
        &shape_.k,         &shape_.r,          &shape_.s,          &shape_.stride_h,
        &shape_.stride_w,  &shape_.pad_top,    &shape_.pad_left,   &shape_.pad_bottom,
        &shape_.pad_right, &shape_.dilation_h, &shape_.dilation_w, &shape_.groups};
    for (int64_t changes = d.between(1, 6); changes > 0; --changes)
      *fields[d.between(0, 15)] = (int64_t{1} << d.between(0, 31)) - d.between(0, 1);
    nonzeros_ = d.between(0, 40);
    weights_ = int64_most - 1;  // as many as there can be
    refuse_shapes();
  }
  bool may_refuse() const override { return true; }
  int32_t call() override {
    const int64_t bytes = (packed_ ? esp_conv2d_packed_bytes : esp_conv2d_workspace_bytes)(
        const_target_, const_shape_, nonzeros_);
    return bytes >= 0 ? ESP_OK : ESP_UNSUPPORTED;
  }

 private:
  bool packed_;
};

}  // namespace espalier::test
