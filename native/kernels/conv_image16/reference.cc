// The definition: one result at a time, summed in double precision over the packed weights.
#include <cstring>

#include "base/epilogue.h"
#include "kernels/conv_image16/conv_image16_cpu.h"

namespace espalier {
namespace {

// Pixel (y, x) of one image and channel, which may lie in the halo.
int64_t float_at(const esp_image16& e, int64_t image, int64_t channel, int64_t y, int64_t x) {
  const image16_strides at = image16_strides_of(e);
  const int64_t plane = image / 16 * e.c + channel;
  return (plane * at.plane + at.origin + y * at.row + x) * 16 + image % 16;
}

template <class Body>
void for_each_pixel(const esp_image16& e, bool channels_last, Body&& body) {
  for (int64_t image = 0; image < e.n; ++image)
    for (int64_t c = 0; c < e.c; ++c)
      for (int64_t y = 0; y < e.h; ++y)
        for (int64_t x = 0; x < e.w; ++x)
          body(channels_last ? ((image * e.h + y) * e.w + x) * e.c + c
                             : ((image * e.c + c) * e.h + y) * e.w + x,
               float_at(e, image, c, y, x));
}

// Floats from a pixel's begin to what an entry reads.
int64_t floats_of(const image16_entry& entry) {
  return entry.offset / static_cast<int64_t>(sizeof(float));
}

}  // namespace

int32_t image16_pack_f32_reference(const image16_pack_call& call) {
  std::memset(call.image16, 0, static_cast<size_t>(esp_image16_bytes(call.extents)));
  for_each_pixel(*call.extents, call.channels_last,
                 [&](int64_t from, int64_t to) { call.image16[to] = call.images[from]; });
  return ESP_OK;
}

int32_t image16_unpack_f32_reference(const image16_unpack_call& call) {
  for_each_pixel(*call.extents, call.channels_last,
                 [&](int64_t to, int64_t from) { call.images[to] = call.image16[from]; });
  return ESP_OK;
}

int32_t conv2d_image16_pack_element_f32_reference(const conv2d_image16_pack_call& call) {
  return pack_conv2d_image16_cpu(call);
}

int32_t conv2d_image16_element_f32_reference(const conv2d_image16_call& call) {
  const image16_problem p = make_image16_problem(*call.layout);
  const image16_entry* const entries = call.packed->entries(p);
  const float* const bias = static_cast<const float*>(call.epilogue->bias);
  const float* const residual = static_cast<const float*>(call.epilogue->residual);
  const auto convolve = [&](int64_t image, int64_t k, int64_t y, int64_t x) {
    const int64_t index = y % p.result_step_h * p.result_step_w + x % p.result_step_w;
    const int64_t from =
        float_at(p.source, image, k / p.group_results * p.group_sources,
                 y / p.result_step_h * p.source_step_h, x / p.result_step_w * p.source_step_w);
    double sum = 0;
    for (int32_t e = call.packed->starts(p, index, 0)[k];
         e < call.packed->starts(p, index, call.packed->lists)[k]; ++e)
      sum += static_cast<double>(entries[e].value) *
             static_cast<double>(call.source[from + floats_of(entries[e])]);
    return sum;
  };
  const esp_image16& e = p.result;
  // A plane at a time: its halo is cleared, its pixels are computed, for the images of a block that
  // exist.
  for (int64_t block = 0; block < image16_blocks(e.n); ++block)
    for (int64_t k = 0; k < e.c; ++k)
      for (int64_t y = -e.halo_h; y < e.h + e.halo_h; ++y)
        for (int64_t x = -e.halo_w; x < e.w + e.halo_w; ++x)
          for (int64_t image = block * 16; image < block * 16 + 16; ++image) {
            const int64_t to = float_at(e, image, k, y, x);
            if (y < 0 || y >= e.h || x < 0 || x >= e.w || image >= e.n) {
              call.result[to] = 0.0f;
              continue;
            }
            double sum = convolve(image, k, y, x);
            if (bias != nullptr) sum += static_cast<double>(bias[k]);
            if (residual != nullptr) sum += static_cast<double>(residual[to]);
            call.result[to] = static_cast<float>(activate(sum, call.epilogue->activation));
          }
  return ESP_OK;
}

int32_t conv2d_image16_weight_gradient_element_f32_reference(
    const conv2d_image16_weight_gradient_call& call) {
  const image16_problem p = make_image16_problem(*call.layout);
  const image16_entry* const entries = call.packed->entries(p);
  const esp_image16& e = p.result;
  const int64_t per_filter = conv_weight_count(call.layout->shape) / e.c;
  for (int64_t k = 0; k < e.c; ++k) {
    int32_t next = call.packed->starts(p, 0, 0)[k];
    for (int64_t i = k * per_filter; i < (k + 1) * per_filter; ++i) {
      call.weight_gradient[i] = 0.0f;
      if (!conv_keeps(call.bits, i)) continue;
      double sum = 0;
      for (int64_t image = 0; image < e.n; ++image)
        for (int64_t y = 0; y < e.h; ++y)
          for (int64_t x = 0; x < e.w; ++x)
            sum += static_cast<double>(call.output_gradient[float_at(e, image, k, y, x)]) *
                   static_cast<double>(
                       call.input[float_at(p.source, image, k / p.group_results * p.group_sources,
                                           y * p.source_step_h, x * p.source_step_w) +
                                  floats_of(entries[next])]);
      call.weight_gradient[i] = static_cast<float>(sum);
      ++next;
    }
  }
  return ESP_OK;
}

}  // namespace espalier
