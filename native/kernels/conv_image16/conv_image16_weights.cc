// Packs the kept weights.
#include <algorithm>
#include <cstring>

#include "base/status.h"
#include "kernels/conv_image16/conv_image16_cpu.h"
#include "kernels/conv_image16/tuning.h"

namespace espalier {
namespace {

constexpr uint64_t packed_magic = 0x31763631474d4945;  // "EIMG16v1"

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

esp_conv2d_image16_layout for_any_batch(esp_conv2d_image16_layout layout) {
  layout.shape.n = 0;
  return layout;
}

// Bits [begin, begin + count) of a mask, 0 < count <= 32, the first of them lowest.
uint32_t kept_bits(const uint32_t* bits, int64_t begin, int64_t count) {
  const uint32_t all = ~0u >> (32 - count);
  if (bits == nullptr) return all;
  const int64_t shift = begin % 32;
  uint32_t found = bits[begin / 32] >> shift;
  if (shift + count > 32) found |= bits[begin / 32 + 1] << (32 - shift);
  return found & all;
}

// What is known of the first taps of every filter.
struct tap_block {
  static constexpr int64_t most = 32;  // bits of a word of the mask
  int64_t phase[most];
  int32_t offset[most];  // of source channel 0
};

// Result channels that are packed together where weights are read across: neighbours share lines.
constexpr int64_t most_at_once = 16;

}  // namespace

int32_t pack_conv2d_image16_cpu(const conv2d_image16_pack_call& call) {
  const esp_conv2d_image16_layout& layout = *call.layout;
  const esp_conv2d_shape& s = layout.shape;
  const image16_problem p = make_image16_problem(layout);
  packed_image16* const head = static_cast<packed_image16*>(call.packed);
  std::memset(head, 0, sizeof(*head));
  head->nonzeros = call.nonzeros;
  head->layout = for_any_batch(layout);
  head->list_channels =
      std::max(image16_list_channels, ceil_div(p.group_sources, image16_most_lists));
  head->lists = ceil_div(p.group_sources, head->list_channels);
  auto* const starts = const_cast<int32_t*>(head->starts(p, 0, 0));
  auto* const entries = const_cast<image16_entry*>(head->entries(p));
  const int64_t rows = p.phases * (head->lists + 1), taps = s.r * s.s;
  std::memset(starts, 0, static_cast<size_t>(rows * p.result.c) * sizeof(int32_t));

  const auto tap_of = [&](int64_t t) { return image16_tap_of(layout, t / s.s, t % s.s); };
  // Bytes from pixel (0, 0) of source channel c; entries hold no more than 31 bits of them.
  const auto offset_of = [&](int64_t c, const image16_tap& tap) {
    return static_cast<int32_t>((c * p.from.plane + tap.row * p.from.row + tap.column) *
                                image16_line);
  };
  tap_block taps_of_first;
  for (int64_t t = 0; t < std::min(taps, tap_block::most); ++t) {
    taps_of_first.phase[t] = tap_of(t).phase;
    taps_of_first.offset[t] = offset_of(0, tap_of(t));
  }
  const bool forward = layout.direction == ESP_DIRECTION_FORWARD;
  const int64_t at_once = forward ? 1 : most_at_once;
  // body(i, c, first weight, first tap, kept taps), if any are, for the i-th result channel of a
  // block; those of each by source channel, then tap.
  const auto for_each_filter = [&](int64_t block, auto&& body) {
    const int64_t begin = block * at_once;
    const int64_t count = std::min(at_once, p.result.c - begin);
    int64_t weights[most_at_once];  // of source channel 0
    for (int64_t i = 0; i < count; ++i) {
      const int64_t group = (begin + i) / p.group_results, within = (begin + i) % p.group_results;
      weights[i] = (forward ? (begin + i) * p.group_sources
                            : group * p.group_sources * p.group_results + within) *
                   taps;
    }
    const int64_t step = (forward ? 1 : p.group_results) * taps;
    for (int64_t c = 0; c < p.group_sources; ++c)
      for (int64_t i = 0; i < count; ++i)
        for (int64_t first = 0; first < taps; first += tap_block::most) {
          const int64_t weight = weights[i] + c * step + first;
          const uint32_t left =
              kept_bits(call.bits, weight, std::min(taps - first, tap_block::most));
          if (left != 0) body(i, c, weight, first, left);
        }
  };
  const int64_t blocks = ceil_div(p.result.c, at_once);
  const int64_t list_channels = head->list_channels, per_phase = (head->lists + 1) * p.result.c;
  // starts[list + 1] counts its list, then holds the end of it.
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t block = 0; block < blocks; ++block)
    for_each_filter(block, [&](int64_t i, int64_t c, int64_t, int64_t first, uint32_t left) {
      int32_t* const count = starts + (c / list_channels + 1) * p.result.c + block * at_once + i;
      if (p.phases == 1)
        *count += __builtin_popcount(left);
      else
        for (; left != 0; left &= left - 1) {
          const int64_t t = __builtin_ctz(left);
          ++count[(first > 0 ? tap_of(first + t).phase : taps_of_first.phase[t]) * per_phase];
        }
    });
  int64_t kept = 0;
  for (int64_t phase = 0; phase < p.phases; ++phase)
    for (int64_t result = 0; result < p.result.c; ++result)
      for (int64_t list = 0; list <= head->lists; ++list) {
        int32_t& start = starts[(phase * (head->lists + 1) + list) * p.result.c + result];
        kept += start;
        start = static_cast<int32_t>(kept);
      }
  ESP_REQUIRE(
      kept == call.nonzeros,
      "esp_conv2d_image16_pack: nonzeros: expected the number of ones in bits, %lld, got %lld",
      static_cast<long long>(kept), static_cast<long long>(call.nonzeros));
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t block = 0; block < blocks; ++block) {
    image16_entry* next[most_at_once][image16_most_phases];
    for (int64_t i = 0; i < std::min(at_once, p.result.c - block * at_once); ++i)
      for (int64_t phase = 0; phase < p.phases; ++phase)
        next[i][phase] = entries + starts[phase * per_phase + block * at_once + i];
    for_each_filter(block, [&](int64_t i, int64_t c, int64_t index, int64_t first, uint32_t left) {
      image16_entry** const of_phase = next[i];
      const float* const weight = call.weight + index;
      const int32_t channel = offset_of(c, {});
      if (first > 0) {
        for (; left != 0; left &= left - 1) {
          const int64_t t = __builtin_ctz(left);
          const image16_tap tap = tap_of(first + t);
          *of_phase[tap.phase]++ = {offset_of(c, tap), weight[t]};
        }
      } else if (p.phases == 1 && __builtin_popcount(left) == taps) {
        for (int64_t t = 0; t < taps; ++t)
          of_phase[0][t] = {channel + taps_of_first.offset[t], weight[t]};
        of_phase[0] += taps;
      } else {
        for (; left != 0; left &= left - 1) {
          const int64_t t = __builtin_ctz(left);
          *of_phase[taps_of_first.phase[t]]++ = {channel + taps_of_first.offset[t], weight[t]};
        }
      }
    });
  }
  std::fill_n(entries + call.nonzeros, image16_entries_ahead, image16_entry{});
  head->magic = packed_magic;
  return ESP_OK;
}

int32_t check_packed_image16(const char* function, const esp_conv2d_image16_layout& layout,
                             const packed_image16& packed, int64_t nonzeros) {
  const esp_conv2d_image16_layout packed_for = for_any_batch(layout);
  const esp_conv2d_image16_layout& had = packed.layout;
  ESP_REQUIRE(packed.magic == packed_magic && packed.nonzeros == nonzeros &&
                  std::memcmp(&had.shape, &packed_for.shape, sizeof(had.shape)) == 0 &&
                  had.source_halo_h == packed_for.source_halo_h &&
                  had.source_halo_w == packed_for.source_halo_w &&
                  had.result_halo_h == packed_for.result_halo_h &&
                  had.result_halo_w == packed_for.result_halo_w &&
                  had.direction == packed_for.direction,
              "%s: packed: expected weights packed for this layout and nonzeros, got others; call "
              "esp_conv2d_image16_pack with the same arguments",
              function);
  return ESP_OK;
}

}  // namespace espalier
