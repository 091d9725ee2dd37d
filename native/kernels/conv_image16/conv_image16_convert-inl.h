// Conversion of a plane or a row of a block, compiled once per instruction set.
#pragma once

#include "kernels/conv_image16/conv_image16_lines-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

constexpr hn::FixedTag<float, 4> quad;
using vec4 = hn::Vec<decltype(quad)>;

// Transposes four vectors of four.
HWY_INLINE void transpose(vec4& a, vec4& b, vec4& c, vec4& d) {
  const hn::Repartition<double, decltype(quad)> pairs;
  const auto pair = [&](vec4 v) { return hn::BitCast(pairs, v); };
  const vec4 ab0 = hn::InterleaveLower(quad, a, b), ab1 = hn::InterleaveUpper(quad, a, b);
  const vec4 cd0 = hn::InterleaveLower(quad, c, d), cd1 = hn::InterleaveUpper(quad, c, d);
  a = hn::BitCast(quad, hn::InterleaveLower(pairs, pair(ab0), pair(cd0)));
  b = hn::BitCast(quad, hn::InterleaveUpper(pairs, pair(ab0), pair(cd0)));
  c = hn::BitCast(quad, hn::InterleaveLower(pairs, pair(ab1), pair(cd1)));
  d = hn::BitCast(quad, hn::InterleaveUpper(pairs, pair(ab1), pair(cd1)));
}

// lines[j * step + i] = images[i][j], 0 <= i < 16, 0 <= j < count; absent images are zero.
void interleave(const float* const* images, int64_t present, int64_t count, float* lines,
                int64_t step) {
  int64_t j = 0;
  if (present == 16)
    for (; j + 4 <= count; j += 4)
      for (int64_t i = 0; i < 16; i += 4) {
        vec4 v[4];
        for (int64_t k = 0; k < 4; ++k) v[k] = hn::LoadU(quad, images[i + k] + j);
        transpose(v[0], v[1], v[2], v[3]);
        for (int64_t k = 0; k < 4; ++k) hn::Store(v[k], quad, lines + (j + k) * step + i);
      }
  for (; j < count; ++j)
    for (int64_t i = 0; i < 16; ++i) lines[j * step + i] = i < present ? images[i][j] : 0.0f;
}

// images[i][j] = lines[j * step + i] of the images that are there.
void separate(const float* lines, int64_t step, int64_t present, int64_t count,
              float* const* images) {
  int64_t j = 0;
  if (present == 16)
    for (; j + 4 <= count; j += 4)
      for (int64_t i = 0; i < 16; i += 4) {
        vec4 v[4];
        for (int64_t k = 0; k < 4; ++k) v[k] = hn::Load(quad, lines + (j + k) * step + i);
        transpose(v[0], v[1], v[2], v[3]);
        for (int64_t k = 0; k < 4; ++k) hn::StoreU(v[k], quad, images[i + k] + j);
      }
  for (; j < count; ++j)
    for (int64_t i = 0; i < present; ++i) images[i][j] = lines[j * step + i];
}

// Calls body(first[i] of each image present, count, line, step) for what is contiguous in `images`:
// a row of columns of channel `part`, or, channels last, the channels of a pixel in row `part`.
template <class T, class Body>
void for_each_run(const esp_image16& e, bool channels_last, int64_t block, int64_t part, T* images,
                  Body&& body) {
  const image16_strides at_lines = image16_strides_of(e);
  const int64_t present = HWY_MIN(int64_t{16}, e.n - block * 16), image = e.c * e.h * e.w;
  T* first[16] = {};
  const auto run = [&](int64_t from, int64_t channel, int64_t y, int64_t x, int64_t count) {
    for (int64_t i = 0; i < present; ++i) first[i] = images + (block * 16 + i) * image + from;
    const int64_t line =
        (block * e.c + channel) * at_lines.plane + at_lines.origin + y * at_lines.row + x;
    body(first, present, count, line * 16, (channels_last ? at_lines.plane : 1) * 16);
  };
  if (channels_last)
    for (int64_t x = 0; x < e.w; ++x) run((part * e.w + x) * e.c, 0, part, x, e.c);
  else
    for (int64_t y = 0; y < e.h; ++y) run((part * e.h + y) * e.w, part, y, 0, e.w);
}

void pack_part(const esp_image16& e, bool channels_last, int64_t block, int64_t part,
               const float* images, float* image16) {
  for_each_run(e, channels_last, block, part, images,
               [&](const float* const* first, int64_t present, int64_t count, int64_t line,
                   int64_t step) { interleave(first, present, count, image16 + line, step); });
}

void unpack_part(const esp_image16& e, bool channels_last, int64_t block, int64_t part,
                 const float* image16, float* images) {
  for_each_run(e, channels_last, block, part, images,
               [&](float* const* first, int64_t present, int64_t count, int64_t line,
                   int64_t step) { separate(image16 + line, step, present, count, first); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
