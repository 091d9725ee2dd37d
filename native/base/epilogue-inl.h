// Activations on SIMD vectors, compiled once per instruction set; see epilogue.h for the
// definition.
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
  if (kActivation == ESP_ACTIVATION_SILU)
    return hn::Div(x, hn::Add(hn::Set(d, 1.0f), hn::Exp(d, hn::Neg(x))));
  if (kActivation == ESP_ACTIVATION_HARD_SWISH) {
    const V gate = hn::Min(hn::Set(d, 6.0f), hn::Max(hn::Zero(d), hn::Add(x, hn::Set(d, 3.0f))));
    return hn::Mul(hn::Mul(x, gate), hn::Set(d, 1.0f / 6.0f));
  }
  return x;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();
