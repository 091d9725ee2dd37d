// From the sums of a micro-tile to NCHW, compiled once per instruction set. Included by
// conv_vector_tile-inl.h only.
#pragma once

#include <hwy/highway.h>

#include "base/epilogue-inl.h"
#include "kernels/conv_vector/conv_vector_slab-inl.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

// Pixels of a micro-tile that are neighbours in the output, too.
struct pixel_run {
  int64_t at, count;  // in the micro-tile
  int64_t output;     // first pixel, as in vector_unit
};

struct pixel_runs {
  int64_t count;
  pixel_run runs[vector_most_pixels];
};

// Where the outputs of a block go.
struct block_target {
  int64_t first, live;     // output channels
  int64_t start, channel;  // first float, floats per channel
};

pixel_runs merge_units(const vector_unit* units, int64_t count, int64_t unit) {
  pixel_runs r;
  r.count = 0;
  for (int64_t u = 0; u < count; ++u) {
    pixel_run* const last = r.runs + r.count - 1;
    if (r.count > 0 && last->at + last->count == u * unit &&
        last->output + last->count == units[u].output)
      last->count += units[u].pixels;
    else
      r.runs[r.count++] = {u * unit, units[u].pixels, units[u].output};
  }
  return r;
}

// Asks for the lines that a block will write.
void prefetch_outputs(const vector_problem& p, const pixel_runs& runs, const block_target& to) {
  for (int64_t k = 0; k < to.live; ++k)
    for (int64_t i = 0; i < runs.count; ++i) {
      const float* const first = p.output + to.start + k * to.channel + runs.runs[i].output;
      for (int64_t x = 0; x < runs.runs[i].count; x += 16) __builtin_prefetch(first + x, 1);
      __builtin_prefetch(first + runs.runs[i].count - 1, 1);
    }
}

// `lanes` floats: block b of four comes from rows + 4 * b * vector_outputs.
vec load_blocks(const float* rows) {
  constexpr hn::Full128<float> block;
  constexpr hn::Full256<float> pair;
  constexpr int64_t step = 4 * vector_outputs;
  const auto low = hn::Combine(pair, hn::LoadU(block, rows + step), hn::LoadU(block, rows));
#if HWY_TARGET <= HWY_AVX3
  const auto high =
      hn::Combine(pair, hn::LoadU(block, rows + 3 * step), hn::LoadU(block, rows + 2 * step));
  return hn::Combine(floats, high, low);
#else
  return low;
#endif
}

// channels[k][pixel] = sums[pixel][k]; pixels are rounded up to whole vectors.
void transpose_sums(const float* HWY_RESTRICT sums, int64_t pixels, float* HWY_RESTRICT channels) {
  constexpr hn::RepartitionToWide<decltype(floats)> doubles;
  for (int64_t first = 0; first < pixels; first += lanes)
    for (int64_t k = 0; k < vector_outputs; k += 4) {
      const float* const from = sums + first * vector_outputs + k;
      const vec x0 = load_blocks(from), x1 = load_blocks(from + vector_outputs),
                x2 = load_blocks(from + 2 * vector_outputs),
                x3 = load_blocks(from + 3 * vector_outputs);
      const auto low01 = hn::BitCast(doubles, hn::InterleaveLower(floats, x0, x1));
      const auto low23 = hn::BitCast(doubles, hn::InterleaveLower(floats, x2, x3));
      const auto high01 = hn::BitCast(doubles, hn::InterleaveUpper(floats, x0, x1));
      const auto high23 = hn::BitCast(doubles, hn::InterleaveUpper(floats, x2, x3));
      const auto store = [&](int64_t channel, auto x) HWY_ATTR {
        hn::Store(hn::BitCast(floats, x), floats,
                  channels + (k + channel) * vector_most_pixels + first);
      };
      store(0, hn::InterleaveLower(doubles, low01, low23));
      store(1, hn::InterleaveUpper(doubles, low01, low23));
      store(2, hn::InterleaveLower(doubles, high01, high23));
      store(3, hn::InterleaveUpper(doubles, high01, high23));
    }
}

template <int kActivation>
void store_channels(const vector_problem& p, const pixel_runs& runs, const block_target& to,
                    const float* HWY_RESTRICT channels) {
  const auto* const bias = static_cast<const float*>(p.epilogue.bias);
  const auto* const residual = static_cast<const float*>(p.epilogue.residual);
  for (int64_t k = 0; k < to.live; ++k) {
    const vec offset = hn::Set(floats, bias != nullptr ? bias[to.first + k] : 0.0f);
    for (int64_t i = 0; i < runs.count; ++i) {
      const pixel_run& run = runs.runs[i];
      const int64_t at = to.start + k * to.channel + run.output;
      store_run<kActivation>(floats, channels + k * vector_most_pixels + run.at, offset,
                             residual != nullptr ? residual + at : nullptr, run.count,
                             p.output + at);
    }
  }
}

void store_block(const vector_problem& p, const pixel_runs& runs, const block_target& to,
                 const float* HWY_RESTRICT channels) {
  switch (p.epilogue.activation) {
    case ESP_ACTIVATION_RELU: return store_channels<ESP_ACTIVATION_RELU>(p, runs, to, channels);
    case ESP_ACTIVATION_RELU6: return store_channels<ESP_ACTIVATION_RELU6>(p, runs, to, channels);
    case ESP_ACTIVATION_SILU: return store_channels<ESP_ACTIVATION_SILU>(p, runs, to, channels);
    case ESP_ACTIVATION_HARD_SWISH:
      return store_channels<ESP_ACTIVATION_HARD_SWISH>(p, runs, to, channels);
    default: return store_channels<ESP_ACTIVATION_NONE>(p, runs, to, channels);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
