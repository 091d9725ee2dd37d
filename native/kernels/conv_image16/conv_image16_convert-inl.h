// Conversion of one plane of a block, compiled once per instruction set.
#pragma once

#include "kernels/conv_image16/conv_image16_lines-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {
// dst[j * dst_step + i] = src[i][j], 0 <= i < 16, 0 <= j < columns.
void interleave(const float* const* src, int64_t images, int64_t columns, float* dst) {
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t i = 0; i < 16; ++i) dst[j * 16 + i] = i < images ? src[i][j] : 0.0f;
}

void pack_block(const esp_image16& e, int64_t block, int64_t channel, const float* nchw,
                float* image16) {
  const image16_strides at_lines = image16_strides_of(e);
  float* const plane = image16 + (block * e.c + channel) * at_lines.plane * 16;
  const int64_t images = HWY_MIN(int64_t{16}, e.n - block * 16);
  const vec zero = hn::Zero(floats);
  for (int64_t i = 0; i < at_lines.plane * 16; i += lanes) hn::Store(zero, floats, plane + i);
  const float* rows[16] = {};
  for (int64_t y = 0; y < e.h; ++y) {
    for (int64_t i = 0; i < images; ++i)
      rows[i] = nchw + (((block * 16 + i) * e.c + channel) * e.h + y) * e.w;
    interleave(rows, images, e.w, plane + (at_lines.origin + y * at_lines.row) * 16);
  }
}

void unpack_block(const esp_image16& e, int64_t block, int64_t channel, const float* image16,
                  float* nchw) {
  const image16_strides at_lines = image16_strides_of(e);
  const float* const plane = image16 + (block * e.c + channel) * at_lines.plane * 16;
  const int64_t images = HWY_MIN(int64_t{16}, e.n - block * 16);
  for (int64_t y = 0; y < e.h; ++y) {
    const float* const line = plane + (at_lines.origin + y * at_lines.row) * 16;
    for (int64_t i = 0; i < images; ++i) {
      float* const row = nchw + (((block * 16 + i) * e.c + channel) * e.h + y) * e.w;
      for (int64_t x = 0; x < e.w; ++x) row[x] = line[x * 16 + i];
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
