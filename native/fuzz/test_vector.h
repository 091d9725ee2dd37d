// Convolution with a mask of vectors: packing and running.
#pragma once

#include "fuzz/test_image16.h"

namespace espalier::test {

class vector_shape_case : public conv_shape_case {
 protected:
  vector_shape_case(const char* function, int32_t backend, dice& d)
      : conv_shape_case(function, cpu_backend(backend), d) {
    if (d.one_in(3)) shape_.k *= 16;
    real_weights_ = conv_weight_count(shape_);
    const int64_t blocks = shape_.groups * ((shape_.k / shape_.groups + 15) / 16);
    weights_ = blocks * (real_weights_ / shape_.k);  // masks are over vectors
    choose_mask();
  }

  void refuse_vectors() {
    pointer("shape", &const_shape_, true, 1);
    esp_conv2d_shape& s = shape_;
    for (int64_t* field : {&s.n, &s.c, &s.h, &s.w, &s.k, &s.r, &s.s, &s.stride_h, &s.stride_w,
                           &s.pad_top, &s.pad_left, &s.dilation_h, &s.dilation_w, &s.groups})
      number("shape", field, no_size);
    number("vectors", &nonzeros_, {-1, weights_ + 1, int64_least, int64_most});
  }

  void* packed_memory() {
    return memory(esp_conv2d_vector_packed_bytes(&target_, &shape_, nonzeros_), 64);
  }

  int64_t real_weights_;
};

class vector_pack_case : public vector_shape_case {
 public:
  vector_pack_case(int32_t backend, dice& d)
      : vector_shape_case("esp_conv2d_vector_pack", backend, d) {
    refuse_vectors();
    weight_ = memory(4 * real_weights_, 4);
    pointer("weight", &weight_, true, 4);
    if (bits_ != nullptr) pointer("bits", &bits_, false, 4);
    number("vectors", &nonzeros_, {nonzeros_ > 0 ? nonzeros_ - 1 : 1});
    packed_ = packed_memory();
    pointer("packed", &packed_, true, 64);
  }
  int32_t call() override {
    return esp_conv2d_vector_pack(const_target_, const_shape_, weight_, bits_, nonzeros_, packed_,
                                  workspace_, nullptr);
  }
  int64_t workspace_bytes() override {
    return esp_conv2d_vector_pack_workspace_bytes(const_target_, const_shape_, nonzeros_);
  }

 private:
  void* weight_;
  void* packed_;
};

class vector_run_case : public vector_shape_case {
 public:
  vector_run_case(int32_t backend, dice& d) : vector_shape_case("esp_conv2d_vector", backend, d) {
    packed_ = packed_memory();
    if (esp_conv2d_vector_pack(&target_, &shape_, memory(4 * real_weights_, 4), bits_, nonzeros_,
                               packed_, nullptr, nullptr) != ESP_OK)
      packed_ = nullptr;
    refuse_vectors();
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
    return esp_conv2d_vector(const_target_, const_shape_, input_, packed_, nonzeros_,
                             const_epilogue_, output_, workspace_, nullptr);
  }
  // Nothing is written without images.
  int64_t workspace_bytes() override {
    const int64_t bytes = esp_conv2d_vector_workspace_bytes(const_target_, const_shape_, nonzeros_);
    return const_shape_ != nullptr && shape_.n == 0 && bytes > 0 ? 0 : bytes;
  }

 private:
  void* packed_;
  void* input_;
  void* output_;
};

}  // namespace espalier::test
