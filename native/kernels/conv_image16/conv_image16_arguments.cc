#include "kernels/conv_image16/conv_image16_arguments.h"

#include "base/conv_shape.h"
#include "base/status.h"
#include "kernels/conv_image16/conv_image16_layout.h"

namespace espalier {
namespace {

using ll = long long;

constexpr int64_t most = int64_t{1} << 31;

int32_t check_field(const char* function, const char* name, int64_t value, int64_t least) {
  ESP_REQUIRE(value >= least && value < most, "%s: %s: expected %lld to %lld, got %lld", function,
              name, static_cast<ll>(least), static_cast<ll>(most - 1), static_cast<ll>(value));
  return ESP_OK;
}

// Bytes of a tensor in double precision, which no extents overflow.
double bytes_of(const esp_image16& e) {
  const auto d = [](int64_t v) { return static_cast<double>(v); };
  return d(image16_blocks(e.n)) * d(e.c) *
         ((d(e.h) + 2 * d(e.halo_h)) * (d(e.w) + 2 * d(e.halo_w)) + 1) * d(image16_line);
}

int32_t check_size(const char* function, const char* name, const esp_image16& e) {
  const double bytes = bytes_of(e);
  if (bytes >= 0x1p62)
    return fail(ESP_UNSUPPORTED, "%s: %s: expected fewer than 2^62 bytes, got %.0f", function, name,
                bytes);
  return ESP_OK;
}

}  // namespace

int32_t image16_check_extents(const char* function, const esp_image16* extents) {
  ESP_REQUIRE(extents != nullptr, "%s: extents: expected extents, got NULL", function);
  const esp_image16& e = *extents;
  ESP_TRY(check_field(function, "extents.n", e.n, 0));
  ESP_TRY(check_field(function, "extents.c", e.c, 1));
  ESP_TRY(check_field(function, "extents.h", e.h, 1));
  ESP_TRY(check_field(function, "extents.w", e.w, 1));
  ESP_TRY(check_field(function, "extents.halo_h", e.halo_h, 0));
  ESP_TRY(check_field(function, "extents.halo_w", e.halo_w, 0));
  return check_size(function, "extents", e);
}

int32_t image16_check_direction(const char* function, const char* name, int32_t direction) {
  ESP_REQUIRE(direction == ESP_DIRECTION_FORWARD || direction == ESP_DIRECTION_INPUT_GRADIENT,
              "%s: %s: expected ESP_DIRECTION_FORWARD (0) or ESP_DIRECTION_INPUT_GRADIENT (1), got "
              "%d",
              function, name, direction);
  return ESP_OK;
}

int32_t image16_check_layout(const char* function, const esp_conv2d_image16_layout* layout,
                             int64_t nonzeros) {
  ESP_REQUIRE(layout != nullptr, "%s: layout: expected a layout, got NULL", function);
  const esp_conv2d_image16_layout& l = *layout;
  ESP_TRY(check_conv_shape(function, &l.shape));
  ESP_TRY(image16_check_direction(function, "layout.direction", l.direction));
  ESP_TRY(check_field(function, "layout.source_halo_h", l.source_halo_h, 0));
  ESP_TRY(check_field(function, "layout.source_halo_w", l.source_halo_w, 0));
  ESP_TRY(check_field(function, "layout.result_halo_h", l.result_halo_h, 0));
  ESP_TRY(check_field(function, "layout.result_halo_w", l.result_halo_w, 0));
  if (l.direction == ESP_DIRECTION_INPUT_GRADIENT &&
      (l.shape.stride_h > image16_most_phases ||
       l.shape.stride_h * l.shape.stride_w > image16_most_phases))
    return fail(ESP_UNSUPPORTED,
                "%s: layout.shape: expected stride_h * stride_w of at most %lld for an input "
                "gradient, got %lld x %lld",
                function, static_cast<ll>(image16_most_phases), static_cast<ll>(l.shape.stride_h),
                static_cast<ll>(l.shape.stride_w));
  const image16_problem p = make_image16_problem(l);
  ESP_TRY(check_size(function, "layout: source", p.source));
  ESP_TRY(check_size(function, "layout: result", p.result));
  int64_t halo_h, halo_w;
  image16_least_halo(l, &halo_h, &halo_w);
  ESP_REQUIRE(l.source_halo_h >= halo_h && l.source_halo_w >= halo_w,
              "%s: layout.source_halo: expected at least %lld x %lld for these taps, got %lld x "
              "%lld",
              function, static_cast<ll>(halo_h), static_cast<ll>(halo_w),
              static_cast<ll>(l.source_halo_h), static_cast<ll>(l.source_halo_w));
  ESP_REQUIRE(nonzeros >= 0 && nonzeros <= conv_weight_count(l.shape),
              "%s: nonzeros: expected 0 to %lld (the number of weights), got %lld", function,
              static_cast<ll>(conv_weight_count(l.shape)), static_cast<ll>(nonzeros));
  if (image16_packed_bytes(l, nonzeros) < 0)
    return fail(ESP_UNSUPPORTED,
                "%s: layout: expected source channels of a group that span fewer than 2^31 bytes, "
                "got %lld planes of %lld",
                function, static_cast<ll>(p.group_sources),
                static_cast<ll>(p.from.plane * image16_line));
  return ESP_OK;
}

}  // namespace espalier
