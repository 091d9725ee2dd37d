#include "base/conv_shape.h"

#include "base/status.h"

namespace espalier {
namespace {

using ll = long long;

constexpr int64_t most = int64_t{1} << 31;

int32_t check_positive(const char* function, const esp_conv2d_shape& s) {
  const struct {
    const char* name;
    int64_t value, least;
  } fields[] = {{"n", s.n, 0},
                {"c", s.c, 1},
                {"h", s.h, 1},
                {"w", s.w, 1},
                {"k", s.k, 1},
                {"r", s.r, 1},
                {"s", s.s, 1},
                {"stride_h", s.stride_h, 1},
                {"stride_w", s.stride_w, 1},
                {"pad_top", s.pad_top, 0},
                {"pad_left", s.pad_left, 0},
                {"pad_bottom", s.pad_bottom, 0},
                {"pad_right", s.pad_right, 0},
                {"dilation_h", s.dilation_h, 1},
                {"dilation_w", s.dilation_w, 1},
                {"groups", s.groups, 1}};
  for (const auto& field : fields)
    ESP_REQUIRE(field.value >= field.least && field.value < most,
                "%s: shape.%s: expected %lld to %lld, got %lld", function, field.name,
                static_cast<ll>(field.least), static_cast<ll>(most - 1),
                static_cast<ll>(field.value));
  return ESP_OK;
}

}  // namespace

int32_t check_conv_shape(const char* function, const esp_conv2d_shape* shape) {
  ESP_REQUIRE(shape != nullptr, "%s: shape: expected a shape, got NULL", function);
  const esp_conv2d_shape& s = *shape;
  ESP_TRY(check_positive(function, s));
  ESP_REQUIRE(s.c % s.groups == 0 && s.k % s.groups == 0,
              "%s: shape.groups: expected a divisor of c = %lld and k = %lld, got %lld", function,
              static_cast<ll>(s.c), static_cast<ll>(s.k), static_cast<ll>(s.groups));
  const int64_t height = s.h + s.pad_top + s.pad_bottom, width = s.w + s.pad_left + s.pad_right;
  const int64_t reach_h = s.dilation_h * (s.r - 1) + 1, reach_w = s.dilation_w * (s.s - 1) + 1;
  ESP_REQUIRE(
      height >= reach_h && width >= reach_w,
      "%s: shape: expected a padded input of at least %lld x %lld (the dilated kernel), got "
      "%lld x %lld",
      function, static_cast<ll>(reach_h), static_cast<ll>(reach_w), static_cast<ll>(height),
      static_cast<ll>(width));
  const double weights = static_cast<double>(s.k) * static_cast<double>(s.c / s.groups) *
                         static_cast<double>(s.r) * static_cast<double>(s.s);
  if (weights >= static_cast<double>(most) || s.h * s.w >= most)
    return fail(ESP_UNSUPPORTED,
                "%s: shape: expected fewer than 2^31 weights and pixels per channel, got %.0f and "
                "%lld",
                function, weights, static_cast<ll>(s.h * s.w));
  return ESP_OK;
}

}  // namespace espalier
