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

  const auto place_of = [&](int64_t t) { return image16_tap_of(layout, t / s.s, t % s.s); };
  image16_tap places[32];
  for (int64_t t = 0; t < std::min<int64_t>(32, taps); ++t) places[t] = place_of(t);

  // body(list, lines, index) for the kept weights of one result channel: by source channel, then
  // tap.
  const bool forward = layout.direction == ESP_DIRECTION_FORWARD;
  const auto for_each_kept = [&](int64_t result, auto&& body) {
    const int64_t group = result / p.group_results, within = result % p.group_results;
    for (int64_t c = 0; c < p.group_sources; ++c) {
      const int64_t filter = forward ? result * p.group_sources + c
                                     : (group * p.group_sources + c) * p.group_results + within;
      const int64_t list = c / head->list_channels;
      for (int64_t first = 0; first < taps; first += 32)
        for (uint32_t left =
                 kept_bits(call.bits, filter * taps + first, std::min<int64_t>(32, taps - first));
             left != 0; left &= left - 1) {
          const int64_t t = first + __builtin_ctz(left);
          const image16_tap tap = first == 0 ? places[t] : place_of(t);
          body(tap.phase * (head->lists + 1) + list,
               c * p.from.plane + tap.row * p.from.row + tap.column, filter * taps + t);
        }
    }
  };
  // starts[list + 1] counts its list, then holds the end of it.
#pragma omp parallel for num_threads(call.threads) schedule(static)
  for (int64_t result = 0; result < p.result.c; ++result)
    for_each_kept(result, [&](int64_t list, int64_t, int64_t) {
      ++starts[(list + 1) * p.result.c + result];
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
  for (int64_t result = 0; result < p.result.c; ++result) {
    int64_t next[image16_most_phases];
    for (int64_t phase = 0; phase < p.phases; ++phase)
      next[phase] = starts[phase * (head->lists + 1) * p.result.c + result];
    for_each_kept(result, [&](int64_t list, int64_t lines, int64_t index) {
      entries[next[list / (head->lists + 1)]++] = {static_cast<int32_t>(lines * image16_line),
                                                   call.weight[index]};
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
