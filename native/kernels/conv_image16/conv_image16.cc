// Checks arguments and calls the kernel of the target.
#include "kernels/conv_image16/conv_image16.h"

#include <cstddef>

#include "base/backend.h"
#include "base/epilogue.h"
#include "kernels/conv_image16/conv_image16_cpu.h"

namespace espalier {
namespace {

using ll = long long;

constexpr int64_t most = int64_t{1} << 31;
constexpr int64_t most_phases = 64;

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

int32_t check_extents(const char* function, const esp_image16* extents) {
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

int32_t check_aligned(const char* function, const char* name, const void* address) {
  ESP_REQUIRE(address != nullptr && reinterpret_cast<uintptr_t>(address) % 64 == 0,
              "%s: %s: expected an address that is a multiple of 64, got %p", function, name,
              address);
  return ESP_OK;
}

int32_t check_shape(const char* function, const esp_conv2d_shape* shape) {
  ESP_REQUIRE(shape != nullptr, "%s: shape: expected a shape, got NULL", function);
  const esp_conv2d_shape& s = *shape;
  const struct {
    const char* name;
    int64_t value, least;
  } fields[] = {{"shape.n", s.n, 0},
                {"shape.c", s.c, 1},
                {"shape.h", s.h, 1},
                {"shape.w", s.w, 1},
                {"shape.k", s.k, 1},
                {"shape.r", s.r, 1},
                {"shape.s", s.s, 1},
                {"shape.stride_h", s.stride_h, 1},
                {"shape.stride_w", s.stride_w, 1},
                {"shape.pad_top", s.pad_top, 0},
                {"shape.pad_left", s.pad_left, 0},
                {"shape.pad_bottom", s.pad_bottom, 0},
                {"shape.pad_right", s.pad_right, 0},
                {"shape.dilation_h", s.dilation_h, 1},
                {"shape.dilation_w", s.dilation_w, 1},
                {"shape.groups", s.groups, 1}};
  for (const auto& field : fields)
    ESP_TRY(check_field(function, field.name, field.value, field.least));
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
  if (weights >= static_cast<double>(most))
    return fail(ESP_UNSUPPORTED, "%s: shape: expected fewer than 2^31 weights, got %.0f", function,
                weights);
  return ESP_OK;
}

int32_t check_direction(const char* function, const char* name, int32_t direction) {
  ESP_REQUIRE(direction == ESP_DIRECTION_FORWARD || direction == ESP_DIRECTION_INPUT_GRADIENT,
              "%s: %s: expected ESP_DIRECTION_FORWARD (0) or ESP_DIRECTION_INPUT_GRADIENT (1), got "
              "%d",
              function, name, direction);
  return ESP_OK;
}

int32_t check_layout(const char* function, const esp_conv2d_image16_layout* layout,
                     int64_t nonzeros) {
  ESP_REQUIRE(layout != nullptr, "%s: layout: expected a layout, got NULL", function);
  const esp_conv2d_image16_layout& l = *layout;
  ESP_TRY(check_shape(function, &l.shape));
  ESP_TRY(check_direction(function, "layout.direction", l.direction));
  ESP_TRY(check_field(function, "layout.source_halo_h", l.source_halo_h, 0));
  ESP_TRY(check_field(function, "layout.source_halo_w", l.source_halo_w, 0));
  ESP_TRY(check_field(function, "layout.result_halo_h", l.result_halo_h, 0));
  ESP_TRY(check_field(function, "layout.result_halo_w", l.result_halo_w, 0));
  if (l.direction == ESP_DIRECTION_INPUT_GRADIENT &&
      (l.shape.stride_h > most_phases || l.shape.stride_h * l.shape.stride_w > most_phases))
    return fail(ESP_UNSUPPORTED,
                "%s: layout.shape: expected stride_h * stride_w of at most %lld for an input "
                "gradient, got %lld x %lld",
                function, static_cast<ll>(most_phases), static_cast<ll>(l.shape.stride_h),
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

int32_t prepare(const char* function, const char* operation, const esp_target* target,
                const esp_conv2d_image16_layout* layout, int64_t nonzeros, esp_target* resolved,
                const kernel_row** row) {
  ESP_TRY(resolve_target(function, target, resolved));
  ESP_TRY(check_layout(function, layout, nonzeros));
  return find_kernel(function, operation, *resolved, row);
}

bool has_workspace(const esp_target& resolved) {
  return resolved.backend != ESP_BACKEND_REFERENCE;
}

template <class Call, class Fill>
int32_t convert(const char* function, const char* operation, const esp_target* target,
                const esp_image16* extents, const void* image16, const void* nchw, Fill&& fill) {
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(resolve_target(function, target, &resolved));
  ESP_TRY(check_extents(function, extents));
  ESP_TRY(find_kernel(function, operation, resolved, &row));
  if (extents->n == 0) return ESP_OK;
  ESP_TRY(check_aligned(function, "image16", image16));
  ESP_REQUIRE(nchw != nullptr, "%s: nchw: expected a tensor, got NULL", function);
  Call call = fill();
  call.extents = extents;
  call.threads = resolved.threads;
  return run_kernel(*row, call);
}

}  // namespace
}  // namespace espalier

using namespace espalier;

int64_t esp_image16_bytes(const esp_image16* extents) {
  if (check_extents("esp_image16_bytes", extents) != ESP_OK) return -1;
  return image16_blocks(extents->n) * extents->c * image16_strides_of(*extents).plane *
         image16_line;
}

int32_t esp_image16_pack(const esp_target* target, const esp_image16* extents, const void* nchw,
                         void* image16, void*, void*) {
  return convert<image16_pack_call>(
      "esp_image16_pack", "image16_pack", target, extents, image16, nchw, [&] {
        return image16_pack_call{nullptr, static_cast<const float*>(nchw),
                                 static_cast<float*>(image16), 0};
      });
}

int32_t esp_image16_unpack(const esp_target* target, const esp_image16* extents,
                           const void* image16, void* nchw, void*, void*) {
  return convert<image16_unpack_call>(
      "esp_image16_unpack", "image16_unpack", target, extents, image16, nchw, [&] {
        return image16_unpack_call{nullptr, static_cast<const float*>(image16),
                                   static_cast<float*>(nchw), 0};
      });
}

int32_t esp_conv2d_image16_halo(const esp_conv2d_shape* shape, int32_t direction, int64_t* halo_h,
                                int64_t* halo_w) {
  const char* function = "esp_conv2d_image16_halo";
  ESP_TRY(check_shape(function, shape));
  ESP_TRY(check_direction(function, "direction", direction));
  ESP_REQUIRE(halo_h != nullptr && halo_w != nullptr,
              "%s: halo_h, halo_w: expected two addresses, got NULL", function);
  image16_least_halo({*shape, 0, 0, 0, 0, direction}, halo_h, halo_w);
  return ESP_OK;
}

int64_t esp_conv2d_image16_packed_bytes(const esp_target* target,
                                        const esp_conv2d_image16_layout* layout, int64_t nonzeros) {
  esp_target resolved;
  const kernel_row* row;
  if (prepare("esp_conv2d_image16_packed_bytes", "conv2d_image16_pack", target, layout, nonzeros,
              &resolved, &row) != ESP_OK)
    return -1;
  return image16_packed_bytes(*layout, nonzeros);
}

int32_t esp_conv2d_image16_pack(const esp_target* target, const esp_conv2d_image16_layout* layout,
                                const void* weight, const void* bits, int64_t nonzeros,
                                void* packed, void*, void*) {
  const char* function = "esp_conv2d_image16_pack";
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(prepare(function, "conv2d_image16_pack", target, layout, nonzeros, &resolved, &row));
  ESP_REQUIRE(weight != nullptr, "%s: weight: expected a tensor, got NULL", function);
  const int64_t weights = conv_weight_count(layout->shape);
  ESP_REQUIRE(bits != nullptr || nonzeros == weights,
              "%s: nonzeros: expected %lld (no mask keeps all weights), got %lld", function,
              static_cast<ll>(weights), static_cast<ll>(nonzeros));
  ESP_TRY(check_aligned(function, "packed", packed));
  return run_kernel(*row, conv2d_image16_pack_call{layout, static_cast<const float*>(weight),
                                                   static_cast<const uint32_t*>(bits), nonzeros,
                                                   packed, resolved.threads});
}

int64_t esp_conv2d_image16_pack_workspace_bytes(const esp_target*, const esp_conv2d_image16_layout*,
                                                int64_t) {
  return 0;
}

int32_t esp_conv2d_image16(const esp_target* target, const esp_conv2d_image16_layout* layout,
                           const void* source, const void* packed, int64_t nonzeros,
                           const esp_epilogue* epilogue, void* result, void* workspace, void*) {
  const char* function = "esp_conv2d_image16";
  esp_target resolved;
  const kernel_row* row;
  esp_epilogue finish;
  ESP_TRY(prepare(function, "conv2d_image16", target, layout, nonzeros, &resolved, &row));
  ESP_TRY(check_epilogue(function, epilogue, &finish));
  ESP_TRY(check_aligned(function, "packed", packed));
  const auto* const head = static_cast<const packed_image16*>(packed);
  ESP_TRY(check_packed_image16(function, *layout, *head, nonzeros));
  if (layout->shape.n == 0) return ESP_OK;
  ESP_TRY(check_aligned(function, "source", source));
  ESP_TRY(check_aligned(function, "result", result));
  if (finish.residual != nullptr)
    ESP_TRY(check_aligned(function, "epilogue.residual", finish.residual));
  if (has_workspace(resolved))
    ESP_TRY(check_workspace(function, workspace,
                            conv2d_image16_cpu_workspace_bytes(*layout, resolved.threads)));
  return run_kernel(*row,
                    conv2d_image16_call{layout, static_cast<const float*>(source), head, &finish,
                                        static_cast<float*>(result), resolved.threads, workspace});
}

int64_t esp_conv2d_image16_workspace_bytes(const esp_target* target,
                                           const esp_conv2d_image16_layout* layout,
                                           int64_t nonzeros) {
  esp_target resolved;
  const kernel_row* row;
  if (prepare("esp_conv2d_image16_workspace_bytes", "conv2d_image16", target, layout, nonzeros,
              &resolved, &row) != ESP_OK)
    return -1;
  return has_workspace(resolved) ? conv2d_image16_cpu_workspace_bytes(*layout, resolved.threads)
                                 : 0;
}

int32_t esp_conv2d_image16_weight_gradient(const esp_target* target,
                                           const esp_conv2d_image16_layout* layout,
                                           const void* input, const void* output_gradient,
                                           const void* packed, const void* bits, int64_t nonzeros,
                                           void* weight_gradient, void* workspace, void*) {
  const char* function = "esp_conv2d_image16_weight_gradient";
  esp_target resolved;
  const kernel_row* row;
  ESP_TRY(prepare(function, "conv2d_image16_weight_gradient", target, layout, nonzeros, &resolved,
                  &row));
  ESP_REQUIRE(layout->direction == ESP_DIRECTION_FORWARD,
              "%s: layout.direction: expected ESP_DIRECTION_FORWARD (0), got %d", function,
              layout->direction);
  const int64_t weights = conv_weight_count(layout->shape);
  ESP_REQUIRE(bits != nullptr || nonzeros == weights,
              "%s: nonzeros: expected %lld (no mask keeps all weights), got %lld", function,
              static_cast<ll>(weights), static_cast<ll>(nonzeros));
  ESP_TRY(check_aligned(function, "packed", packed));
  const auto* const head = static_cast<const packed_image16*>(packed);
  ESP_TRY(check_packed_image16(function, *layout, *head, nonzeros));
  ESP_REQUIRE(weight_gradient != nullptr, "%s: weight_gradient: expected a tensor, got NULL",
              function);
  if (layout->shape.n != 0) {
    ESP_TRY(check_aligned(function, "input", input));
    ESP_TRY(check_aligned(function, "output_gradient", output_gradient));
  }
  if (has_workspace(resolved))
    ESP_TRY(check_workspace(function, workspace, weight_gradient_cpu_workspace_bytes(nonzeros)));
  return run_kernel(*row, conv2d_image16_weight_gradient_call{
                              layout, static_cast<const float*>(input),
                              static_cast<const float*>(output_gradient), head,
                              static_cast<const uint32_t*>(bits),
                              static_cast<float*>(weight_gradient), resolved.threads, workspace});
}

int64_t esp_conv2d_image16_weight_gradient_workspace_bytes(const esp_target* target,
                                                           const esp_conv2d_image16_layout* layout,
                                                           int64_t nonzeros) {
  esp_target resolved;
  const kernel_row* row;
  if (prepare("esp_conv2d_image16_weight_gradient_workspace_bytes",
              "conv2d_image16_weight_gradient", target, layout, nonzeros, &resolved,
              &row) != ESP_OK)
    return -1;
  return has_workspace(resolved) ? weight_gradient_cpu_workspace_bytes(nonzeros) : 0;
}
