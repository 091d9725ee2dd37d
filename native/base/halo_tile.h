// Tiles of a convolution in the shared memory of a CUDA block, NCHW, binary32.
//
// A block computes `images` x tile_h x tile_w output pixels (at most 128: four per lane) of up to
// 32 output channels. It takes the input channels of its group in chunks; a chunk's halo tile lies
// in shared memory as [image][channel][in_h][pitch]. The pitch is the smallest at which the lanes
// of a warp meet the fewest shared-memory bank conflicts.
#pragma once

#include <cstdint>

#include "base/conv_shape.h"

namespace espalier {

constexpr int halo_tile_threads = 256;
constexpr int halo_tile_pixels = 128;          // per block; 32 lanes x 4
constexpr int halo_tile_outputs = 32;          // per block; 8 warps x 4
constexpr int halo_tile_shared_floats = 6144;  // 24 KB: two blocks fit the smallest (64 KB) SM

struct halo_tile {
  int32_t images, tile_h, tile_w;
  int32_t in_h, in_w, pitch;  // halo tile of one channel
  int32_t channels, chunks;   // input channels per chunk, chunks per group
};

namespace {

// Most lanes of a warp that meet in one bank, for the pixels of lanes 0 to 31.
inline int32_t halo_bank_conflicts(const esp_conv2d_shape& s, const halo_tile& p, int64_t pitch) {
  int32_t lanes[32] = {}, worst = 0;
  for (int64_t lane = 0; lane < 32 && lane < int64_t{p.tile_h} * p.tile_w; ++lane) {
    const int64_t at = lane / p.tile_w * s.stride_h * pitch + lane % p.tile_w * s.stride_w;
    const int32_t here = ++lanes[at % 32];
    if (here > worst) worst = here;
  }
  return worst;
}

// Sets the halo of a tile; false if one channel of it does not fit shared memory.
inline bool set_halo(const esp_conv2d_shape& s, halo_tile* p) {
  const int64_t in_h = (p->tile_h - 1) * s.stride_h + (s.r - 1) * s.dilation_h + 1;
  const int64_t in_w = (p->tile_w - 1) * s.stride_w + (s.s - 1) * s.dilation_w + 1;
  if (in_h > halo_tile_shared_floats / p->images / in_w) return false;
  p->in_h = static_cast<int32_t>(in_h);
  p->in_w = static_cast<int32_t>(in_w);
  return true;
}

// Sets pitch and chunks of the chosen tile.
inline void set_halo_chunks(const esp_conv2d_shape& s, int64_t most_channels, halo_tile* p) {
  const int64_t rows = int64_t{p->images} * p->in_h;
  p->pitch = p->in_w;
  int32_t fewest = halo_bank_conflicts(s, *p, p->pitch);
  for (int32_t wider = p->in_w + 1; wider < p->in_w + 32; ++wider) {
    const int32_t conflicts = halo_bank_conflicts(s, *p, wider);
    if (conflicts < fewest && rows * wider <= halo_tile_shared_floats) {
      fewest = conflicts;
      p->pitch = wider;
    }
  }
  const int64_t all = s.c / s.groups, room = halo_tile_shared_floats / (rows * p->pitch);
  const int64_t fitting = room < most_channels ? room : most_channels;
  const int64_t chunks = (all + fitting - 1) / fitting;
  p->channels = static_cast<int32_t>((all + chunks - 1) / chunks);
  p->chunks = static_cast<int32_t>((all + p->channels - 1) / p->channels);
}

// The tile with the least halo and the fewest idle lanes per image, with at most `most_channels`
// channels in a chunk; false if none fits.
inline bool choose_halo_tile(const esp_conv2d_shape& s, int64_t most_channels, halo_tile* best) {
  const int64_t out_h = conv_out_height(s), out_w = conv_out_width(s);
  double least = -1.0;
  for (int32_t tile_w = 1; tile_w <= halo_tile_pixels; tile_w *= 2) {
    for (int32_t tile_h = 1; tile_h * tile_w <= halo_tile_pixels; tile_h *= 2) {
      halo_tile p{};
      p.tile_w = tile_w;
      p.tile_h = tile_h;
      const bool whole = tile_w >= out_w && tile_h >= out_h;
      p.images = whole ? halo_tile_pixels / (tile_w * tile_h) : 1;
      while (!set_halo(s, &p) && p.images > 1) p.images /= 2;
      if (!set_halo(s, &p)) continue;
      const double tiles = static_cast<double>((out_h + tile_h - 1) / tile_h) *
                           static_cast<double>((out_w + tile_w - 1) / tile_w) / p.images;
      const double cost = tiles * (halo_tile_pixels + 0.25 * p.images * p.in_h * p.in_w);
      if (least < 0.0 || cost < least) {
        least = cost;
        *best = p;
      }
    }
  }
  if (least >= 0.0) set_halo_chunks(s, most_channels, best);
  return least >= 0.0;
}

}  // namespace
}  // namespace espalier
