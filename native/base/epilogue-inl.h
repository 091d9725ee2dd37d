// The epilogue on SIMD vectors, compiled once per instruction set; see epilogue.h for the
// definition of the activations.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "espalier/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

// Not-a-number passes: Highway's Min and Max return their second operand when one is not a number.
template <int kActivation, class D, class V>
HWY_INLINE V activate(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  if (kActivation == ESP_ACTIVATION_RELU) return hn::Max(hn::Zero(d), x);
  if (kActivation == ESP_ACTIVATION_RELU6)
    return hn::Min(hn::Set(d, 6.0f), hn::Max(hn::Zero(d), x));
  if (kActivation == ESP_ACTIVATION_SILU) {
    // Highway's Exp takes at most 104, of which it makes infinity.
    const V negated = hn::Min(hn::Set(d, 104.0f), hn::Neg(x));
    return hn::Div(x, hn::Add(hn::Set(d, 1.0f), hn::Exp(d, negated)));
  }
  if (kActivation == ESP_ACTIVATION_HARD_SWISH) {
    const V gate = hn::Min(hn::Set(d, 6.0f), hn::Max(hn::Zero(d), hn::Add(x, hn::Set(d, 3.0f))));
    return hn::Mul(x, hn::Mul(gate, hn::Set(d, 1.0f / 6.0f)));
  }
  return x;
}

// output[x] = activation(sums[x] + bias + residual[x]); `residual` may be null, or `output`.
template <int kActivation, class D, class V>
void store_run(D d, const float* HWY_RESTRICT sums, V bias, const float* residual, int64_t count,
               float* output) {
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr int64_t step = hn::MaxLanes(D());
  int64_t x = 0;
  for (; x + step <= count; x += step) {
    V value = hn::Add(hn::LoadU(d, sums + x), bias);
    if (residual != nullptr) value = hn::Add(value, hn::LoadU(d, residual + x));
    hn::StoreU(activate<kActivation>(d, value), d, output + x);
  }
  if (x == count) return;
  const auto live = hn::FirstN(d, static_cast<size_t>(count - x));
  V value = hn::Add(hn::MaskedLoad(live, d, sums + x), bias);
  if (residual != nullptr) value = hn::Add(value, hn::MaskedLoad(live, d, residual + x));
  hn::BlendedStore(activate<kActivation>(d, value), live, d, output + x);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
