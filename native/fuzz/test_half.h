// Sparse convolution of 16-bit tensors, lists of channels, convolution with live channels.
#pragma once

#include "fuzz/test_conv.h"

namespace espalier::test {

// The families that have a reference and a CUDA kernel only.
inline int32_t reference_or_cuda(int32_t backend) {
  return backend == ESP_BACKEND_CUDA ? backend : ESP_BACKEND_REFERENCE;
}

class half_layout_case : public conv_shape_case {
 protected:
  half_layout_case(const char* function, int32_t backend, dice& d)
      : conv_shape_case(function, reference_or_cuda(backend), d) {
    esp_conv2d_half_layout& l = layout_;
    l.dtype = d.pick({ESP_DTYPE_F16, ESP_DTYPE_BF16});
    l.pattern = d.pick({ESP_PATTERN_VECTOR, ESP_PATTERN_VECTOR, ESP_PATTERN_TWO_OF_FOUR});
    l.vector = l.pattern == ESP_PATTERN_VECTOR ? d.pick({16, 32}) : 0;
    if (l.pattern == ESP_PATTERN_TWO_OF_FOUR || d.one_in(3)) shape_.c *= d.pick({4, 8});
    if (d.one_in(4)) shape_.k *= 16;
    l.shape = shape_;
    weights_ = conv_weight_count(shape_);
    if (l.pattern == ESP_PATTERN_TWO_OF_FOUR) {
      choose_pairs();
    } else {
      const int64_t blocks = shape_.groups * ((shape_.k / shape_.groups + l.vector - 1) / l.vector);
      real_weights_ = weights_;
      weights_ = blocks * (real_weights_ / shape_.k);  // masks are over vectors
      choose_mask();
      vectors_ = nonzeros_;
      most_ = weights_;
      weights_ = real_weights_;
    }
  }

  void refuse_layouts() {
    pointer("layout", &const_layout_, true, 1);
    esp_conv2d_shape& s = layout_.shape;
    for (int64_t* field : {&s.n, &s.c, &s.h, &s.w, &s.k, &s.r, &s.s, &s.stride_h, &s.stride_w,
                           &s.pad_top, &s.pad_left, &s.dilation_h, &s.dilation_w, &s.groups})
      number("shape", field, no_size);
    number("layout.dtype", &layout_.dtype, {-1, 2, int32_least, int32_most});
    number("layout.pattern", &layout_.pattern, {-1, 2, int32_least, int32_most});
    number("layout.vector", &layout_.vector, {-1, 8, 17, int32_least, int32_most});
    number("vectors", &vectors_, {-1, most_ + 1, int64_least, int64_most});
  }

  void* packed_memory() {
    return memory(esp_conv2d_half_packed_bytes(&target_, &layout_, vectors_), 64);
  }

  esp_conv2d_half_layout layout_ = {};
  const esp_conv2d_half_layout* const_layout_ = &layout_;
  int64_t vectors_ = 0;

 private:
  // At most two of four channels, or NULL.
  void choose_pairs() {
    bits_ = nullptr;
    if (d_.one_in(3)) return;
    std::vector<uint32_t> content(static_cast<size_t>((weights_ + 31) / 32));
    const int64_t taps = shape_.r * shape_.s;
    for (int64_t four = 0; four < weights_ / 4; ++four)
      for (int64_t i = 0; i < 2; ++i) {
        const int64_t row = four / taps * 4 + d_.between(0, 3), at = row * taps + four % taps;
        content[static_cast<size_t>(at / 32)] |= 1u << (at % 32);
      }
    bits_ = values(content);
  }

  int64_t real_weights_ = 0, most_ = 0;
};

class half_pack_case : public half_layout_case {
 public:
  half_pack_case(int32_t backend, dice& d) : half_layout_case("esp_conv2d_half_pack", backend, d) {
    refuse_layouts();
    weight_ = memory(4 * weights_, 4);
    pointer("weight", &weight_, true, 4);
    if (bits_ != nullptr) pointer("bits", &bits_, false, 4);
    if (layout_.pattern == ESP_PATTERN_VECTOR &&
        (bits_ == nullptr || target_.backend != ESP_BACKEND_CUDA))
      number("vectors", &vectors_, {vectors_ > 0 ? vectors_ - 1 : 1});
    packed_ = packed_memory();
    pointer("packed", &packed_, true, 64);
  }
  int32_t call() override {
    return esp_conv2d_half_pack(const_target_, const_layout_, weight_, bits_, vectors_, packed_,
                                workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_conv2d_half_pack_workspace_bytes(const_target_, const_layout_, vectors_);
  }

 private:
  void* weight_;
  void* packed_;
};

class half_run_case : public half_layout_case {
 public:
  half_run_case(int32_t backend, dice& d) : half_layout_case("esp_conv2d_half", backend, d) {
    packed_ = packed_memory();
    if (esp_conv2d_half_pack(&target_, &layout_, memory(4 * weights_, 4), bits_, vectors_, packed_,
                             nullptr, nullptr) != ESP_OK)
      packed_ = nullptr;
    refuse_layouts();
    pointer("packed", &packed_, true, 64);
    const esp_conv2d_shape& s = layout_.shape;
    input_ = memory(2 * s.n * s.c * s.h * s.w, d.pick({2, 16}));
    const int64_t output_bytes = 2 * s.n * s.k * out_pixels();
    output_ = memory(output_bytes, 2);
    if (d.one_in(2)) epilogue_.bias = memory(4 * s.k, 4);
    if (d.one_in(2)) epilogue_.residual = d.one_in(2) ? output_ : memory(output_bytes, 2);
    epilogue_.activation = static_cast<int32_t>(d.between(0, 4));
    number("epilogue.activation", &epilogue_.activation, {-1, 5, int32_least, int32_most});
    if (s.n == 0) return;
    pointer("input", &input_, true, 2);
    pointer("output", &output_, true, 2);
    pointer("epilogue.bias", &epilogue_.bias, false, 4);
    pointer("epilogue.residual", &epilogue_.residual, false, 2);
  }
  int32_t call() override {
    return esp_conv2d_half(const_target_, const_layout_, input_, packed_, vectors_, &epilogue_,
                           output_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_conv2d_half_workspace_bytes(const_target_, const_layout_, vectors_);
  }

 private:
  void* packed_;
  void* input_;
  void* output_;
  esp_epilogue epilogue_ = {};
};

// A size query with a few fields of the shape of any magnitude: refused, or a size.
class half_query_case : public half_layout_case {
 public:
  half_query_case(int32_t backend, dice& d)
      : half_layout_case("esp_conv2d_half_packed_bytes", backend, d) {
    esp_conv2d_shape& s = layout_.shape;
    int64_t* const fields[] = {&s.n,         &s.c,          &s.h,          &s.w,
                               &s.k,         &s.r,          &s.s,          &s.stride_h,
                               &s.stride_w,  &s.pad_top,    &s.pad_left,   &s.pad_bottom,
                               &s.pad_right, &s.dilation_h, &s.dilation_w, &s.groups};
    for (int64_t changes = d.between(1, 6); changes > 0; --changes)
      *fields[d.between(0, 15)] = (int64_t{1} << d.between(0, 31)) - d.between(0, 1);
    vectors_ = layout_.pattern == ESP_PATTERN_VECTOR ? d.between(0, 40) : 0;
    number("vectors", &vectors_, {-1, int64_least, int64_most});
    number("layout.dtype", &layout_.dtype, {-1, 2, int32_least, int32_most});
  }
  bool may_refuse() const override { return true; }
  int32_t call() override {
    return esp_conv2d_half_packed_bytes(const_target_, const_layout_, vectors_) >= 0
               ? ESP_OK
               : ESP_UNSUPPORTED;
  }
};

class channel_list_case : public fuzz_case {
 public:
  channel_list_case(int32_t backend, dice& d)
      : fuzz_case("esp_channel_list", reference_or_cuda(backend), d) {
    channels_ = d.one_in(10) ? d.between(250, 1100) : d.between(0, 70);
    number("channels", &channels_, no_size);
    std::vector<uint32_t> content;
    bits_ = channels_ == 0 ? nullptr : mask(channels_, &content);
    if (channels_ > 0) pointer("bits", &bits_, true, 4);
    list_ = memory(4 * (channels_ + 1), 4);
    pointer("list", &list_, true, 4);
  }
  int32_t call() override {
    return esp_channel_list(const_target_, bits_, channels_, list_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_channel_list_workspace_bytes(const_target_, channels_);
  }

 private:
  int64_t channels_;
  const uint32_t* bits_;
  void* list_;
};

class channels_run_case : public conv_shape_case {
 public:
  channels_run_case(int32_t backend, dice& d)
      : conv_shape_case("esp_conv2d_channels", reference_or_cuda(backend), d) {
    if (d.one_in(3)) shape_.k *= 8;
    pointer("shape", &const_shape_, true, 1);
    esp_conv2d_shape& s = shape_;
    for (int64_t* field : {&s.n, &s.c, &s.h, &s.w, &s.k, &s.r, &s.s, &s.stride_h, &s.stride_w,
                           &s.pad_top, &s.pad_left, &s.dilation_h, &s.dilation_w, &s.groups})
      number("shape", field, no_size);
    input_ = memory(4 * s.n * s.c * s.h * s.w, 4);
    weight_ = memory(4 * conv_weight_count(s), 4);
    const int64_t output_bytes = 4 * s.n * s.k * out_pixels();
    output_ = memory(output_bytes, 4);
    if (d.one_in(2)) epilogue_.bias = memory(4 * s.k, 4);
    if (d.one_in(2)) epilogue_.residual = d.one_in(2) ? output_ : memory(output_bytes, 4);
    epilogue_.activation = static_cast<int32_t>(d.between(0, 4));
    number("epilogue.activation", &epilogue_.activation, {-1, 5, int32_least, int32_most});
    inputs_ = list(s.c);
    outputs_ = list(s.k);
    if (s.n == 0) return;
    pointer("input", &input_, true, 4);
    pointer("weight", &weight_, true, 4);
    pointer("output", &output_, true, 4);
    pointer("epilogue.bias", &epilogue_.bias, false, 4);
    pointer("epilogue.residual", &epilogue_.residual, false, 4);
    pointer("live_inputs", &inputs_, false, 4);
    pointer("live_outputs", &outputs_, false, 4);
    if (target_.backend == ESP_BACKEND_CUDA) return;  // there lists are not looked at
    refuse_list("live_inputs", inputs_, s.c);
    refuse_list("live_outputs", outputs_, s.k);
  }
  int32_t call() override {
    return esp_conv2d_channels(const_target_, const_shape_, input_, weight_, inputs_, outputs_,
                               &epilogue_, output_, workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_conv2d_channels_workspace_bytes(const_target_, const_shape_);
  }

 private:
  // Some of the channels, or NULL.
  const int32_t* list(int64_t channels) {
    if (d_.one_in(4)) return nullptr;
    std::vector<int32_t> content(1, 0);
    for (int64_t c = 0; c < channels; ++c)
      if (d_.one_in(2)) content.push_back(static_cast<int32_t>(c));
    content[0] = static_cast<int32_t>(content.size()) - 1;
    return values(content);
  }

  void refuse_list(const char* name, const int32_t* list, int64_t channels) {
    if (list == nullptr) return;
    auto* content = const_cast<int32_t*>(list);
    number(name, content, {-1, static_cast<int32_t>(channels) + 1, int32_least, int32_most});
    if (*content > 0)
      number(name, content + d_.between(1, *content),
             {-1, static_cast<int32_t>(channels), int32_least, int32_most});
  }

  void* input_;
  void* weight_;
  void* output_;
  const int32_t *inputs_, *outputs_;
  esp_epilogue epilogue_ = {};
};

}  // namespace espalier::test
