// Convolution on image16: conversion, packing, running, gradients, and the size queries.
#pragma once

#include "fuzz/test_conv.h"

namespace espalier::test {

// No kernel of the family runs on CUDA.
inline int32_t cpu_backend(int32_t backend) {
  return backend == ESP_BACKEND_CUDA ? ESP_BACKEND_AUTO : backend;
}

class image16_convert_case : public fuzz_case {
 public:
  image16_convert_case(int32_t backend, dice& d, bool packs)
      : fuzz_case(packs ? "esp_image16_pack" : "esp_image16_unpack", cpu_backend(backend), d),
        packs_(packs) {
    extents_ = {d.between(0, 35), d.between(1, 4), d.between(1, 9),
                d.between(1, 9),  d.between(0, 2), d.between(0, 2)};
    const_extents_ = &extents_;
    image16_ = memory(esp_image16_bytes(&extents_), 64);
    images_ = memory(4 * extents_.n * extents_.c * extents_.h * extents_.w, 4);
    pointer("extents", &const_extents_, true, 1);
    order_ = d.pick({ESP_ORDER_NCHW, ESP_ORDER_NHWC});
    number("order", &order_, {-1, 2, int32_least, int32_most});
    const struct {
      const char* name;
      int64_t* field;
      int64_t least;
    } fields[] = {{"n", &extents_.n, 0},           {"c", &extents_.c, 1},
                  {"h", &extents_.h, 1},           {"w", &extents_.w, 1},
                  {"halo_h", &extents_.halo_h, 0}, {"halo_w", &extents_.halo_w, 0}};
    for (const auto& field : fields) {
      number(std::string("extents.") + field.name, field.field, no_size);
      number(std::string("extents.") + field.name, field.field, {field.least - 1});
    }
    if (extents_.n > 0) {
      pointer("image16", &image16_, true, 64);
      pointer("images", &images_, true, 4);
    }
  }
  int32_t call() override {
    return packs_ ? esp_image16_pack(const_target_, const_extents_, order_, images_, image16_,
                                     workspace_, nullptr)
                  : esp_image16_unpack(const_target_, const_extents_, order_, image16_, images_,
                                       workspace_, nullptr);
  }

 private:
  bool packs_;
  esp_image16 extents_;
  const esp_image16* const_extents_;
  void* image16_;
  int32_t order_;
  void* images_;
};

class image16_layout_case : public conv_shape_case {
 protected:
  image16_layout_case(const char* function, int32_t backend, dice& d, int32_t direction)
      : conv_shape_case(function, cpu_backend(backend), d) {
    int64_t halo_h = 0, halo_w = 0;
    esp_conv2d_image16_halo(&shape_, direction, &halo_h, &halo_w);
    layout_ = {shape_,          halo_h + d.between(0, 2), halo_w + d.between(0, 2),
               d.between(0, 2), d.between(0, 2),          direction};
    const_layout_ = &layout_;
    choose_mask();
  }

  static int32_t any_direction(dice& d) {
    return d.pick({ESP_DIRECTION_FORWARD, ESP_DIRECTION_INPUT_GRADIENT});
  }

  // The shape is refused where the layout holds it.
  void refuse_layouts() {
    pointer("layout", &const_layout_, true, 1);
    esp_conv2d_shape& s = layout_.shape;
    for (int64_t* field : {&s.n, &s.c, &s.h, &s.w, &s.k, &s.r, &s.s, &s.stride_h, &s.stride_w,
                           &s.pad_top, &s.pad_left, &s.dilation_h, &s.dilation_w, &s.groups})
      number("shape", field, no_size);
    for (int64_t* field : {&layout_.source_halo_h, &layout_.source_halo_w, &layout_.result_halo_h,
                           &layout_.result_halo_w})
      number("layout", field, no_size);
    number("layout.direction", &layout_.direction, {-1, 2, int32_least, int32_most});
    number("nonzeros", &nonzeros_, {-1, weights_ + 1, int64_least, int64_most});
  }

  int64_t bytes_of(int64_t channels, int64_t h, int64_t w, int64_t halo_h, int64_t halo_w) const {
    const esp_image16 extents = {shape_.n, channels, h, w, halo_h, halo_w};
    return esp_image16_bytes(&extents);
  }
  int64_t input_bytes(int64_t halo_h, int64_t halo_w) const {
    return bytes_of(shape_.c, shape_.h, shape_.w, halo_h, halo_w);
  }
  int64_t output_bytes(int64_t halo_h, int64_t halo_w) const {
    return bytes_of(shape_.k, conv_out_height(shape_), conv_out_width(shape_), halo_h, halo_w);
  }

  void* packed_weights() {
    void* const packed = memory(esp_conv2d_image16_packed_bytes(&target_, &layout_, nonzeros_), 64);
    const int32_t status = esp_conv2d_image16_pack(&target_, &layout_, memory(4 * weights_, 4),
                                                   bits_, nonzeros_, packed, nullptr, nullptr);
    return status == ESP_OK ? packed : nullptr;
  }

  esp_conv2d_image16_layout layout_;
  const esp_conv2d_image16_layout* const_layout_;
};

class image16_weights_case : public image16_layout_case {
 public:
  image16_weights_case(int32_t backend, dice& d)
      : image16_layout_case("esp_conv2d_image16_pack", backend, d, any_direction(d)) {
    refuse_layouts();
    weight_ = memory(4 * weights_, 4);
    pointer("weight", &weight_, true, 4);
    if (bits_ != nullptr) pointer("bits", &bits_, false, 4);
    number("nonzeros", &nonzeros_, {nonzeros_ > 0 ? nonzeros_ - 1 : 1});
    packed_ = memory(esp_conv2d_image16_packed_bytes(&target_, &layout_, nonzeros_), 64);
    pointer("packed", &packed_, true, 64);
  }
  int32_t call() override {
    return esp_conv2d_image16_pack(const_target_, const_layout_, weight_, bits_, nonzeros_, packed_,
                                   workspace_, nullptr);
  }

 private:
  void* weight_;
  void* packed_;
};

class image16_run_case : public image16_layout_case {
 public:
  image16_run_case(int32_t backend, dice& d)
      : image16_layout_case("esp_conv2d_image16", backend, d, any_direction(d)) {
    packed_ = packed_weights();
    refuse_layouts();
    pointer("packed", &packed_, true, 64);
    const bool forward = layout_.direction == ESP_DIRECTION_FORWARD;
    const auto bytes = [&](bool input, int64_t halo_h, int64_t halo_w) {
      return input ? input_bytes(halo_h, halo_w) : output_bytes(halo_h, halo_w);
    };
    source_ = memory(bytes(forward, layout_.source_halo_h, layout_.source_halo_w), 64);
    const int64_t result_bytes = bytes(!forward, layout_.result_halo_h, layout_.result_halo_w);
    result_ = memory(result_bytes, 64);
    choose_epilogue(forward ? shape_.k : shape_.c, result_, result_bytes, 64);
    if (shape_.n > 0) {
      pointer("source", &source_, true, 64);
      pointer("result", &result_, true, 64);
    }
  }
  int32_t call() override {
    return esp_conv2d_image16(const_target_, const_layout_, source_, packed_, nonzeros_,
                              const_epilogue_, result_, workspace_, nullptr);
  }
  // Nothing is written without images.
  int64_t workspace_bytes() override {
    const int64_t bytes =
        esp_conv2d_image16_workspace_bytes(const_target_, const_layout_, nonzeros_);
    return const_layout_ != nullptr && layout_.shape.n == 0 && bytes > 0 ? 0 : bytes;
  }

 private:
  void* packed_;
  void* source_;
  void* result_;
};

class image16_gradient_case : public image16_layout_case {
 public:
  image16_gradient_case(int32_t backend, dice& d)
      : image16_layout_case("esp_conv2d_image16_weight_gradient", backend, d,
                            ESP_DIRECTION_FORWARD) {
    packed_ = packed_weights();
    refuse_layouts();
    number("layout.direction", &layout_.direction, {ESP_DIRECTION_INPUT_GRADIENT});
    pointer("packed", &packed_, true, 64);
    if (bits_ != nullptr) pointer("bits", &bits_, false, 4);
    input_ = memory(input_bytes(layout_.source_halo_h, layout_.source_halo_w), 64);
    upstream_ = memory(output_bytes(layout_.result_halo_h, layout_.result_halo_w), 64);
    gradient_ = memory(4 * weights_, 4);
    pointer("weight_gradient", &gradient_, true, 4);
    if (shape_.n > 0) {
      pointer("input", &input_, true, 64);
      pointer("output_gradient", &upstream_, true, 64);
    }
  }
  int32_t call() override {
    return esp_conv2d_image16_weight_gradient(const_target_, const_layout_, input_, upstream_,
                                              packed_, bits_, nonzeros_, gradient_, workspace_,
                                              nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_conv2d_image16_weight_gradient_workspace_bytes(const_target_, const_layout_,
                                                              nonzeros_);
  }

 private:
  void* packed_;
  void* input_;
  void* upstream_;
  void* gradient_;
};

// A size query with a few fields of any magnitude: refused, or a size.
class image16_query_case : public image16_layout_case {
 public:
  image16_query_case(int32_t backend, dice& d, bool packed)
      : image16_layout_case(
            packed ? "esp_conv2d_image16_packed_bytes" : "esp_conv2d_image16_workspace_bytes",
            backend, d, any_direction(d)),
        packed_(packed) {
    esp_conv2d_shape& s = layout_.shape;
    int64_t* const fields[] = {&s.n,
                               &s.c,
                               &s.h,
                               &s.w,
                               &s.k,
                               &s.r,
                               &s.s,
                               &s.stride_h,
                               &s.stride_w,
                               &s.pad_top,
                               &s.pad_left,
                               &s.pad_bottom,
                               &s.pad_right,
                               &s.dilation_h,
                               &s.dilation_w,
                               &s.groups,
                               &layout_.source_halo_h,
                               &layout_.source_halo_w,
                               &layout_.result_halo_h,
                               &layout_.result_halo_w};
    for (int64_t changes = d.between(1, 6); changes > 0; --changes)
      *fields[d.between(0, 19)] = (int64_t{1} << d.between(0, 31)) - d.between(0, 1);
    nonzeros_ = d.between(0, 40);
    weights_ = int64_most - 1;  // as many as there can be
    refuse_layouts();
  }
  bool may_refuse() const override { return true; }
  int32_t call() override {
    const int64_t bytes =
        (packed_ ? esp_conv2d_image16_packed_bytes : esp_conv2d_image16_workspace_bytes)(
            const_target_, const_layout_, nonzeros_);
    return bytes >= 0 ? ESP_OK : ESP_UNSUPPORTED;
  }

 private:
  bool packed_;
};

}  // namespace espalier::test
