// One tensor with its optimiser state, next to the same in double precision with error bounds.
#pragma once

#include <random>

#include "base/testing/kernel_test.h"
#include "kernels/optim/test_bounded.h"

namespace espalier::test {

inline std::vector<uint32_t> random_mask(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<uint32_t> bits(static_cast<size_t>((count + 31) / 32));
  for (uint32_t& word : bits) word = generator();
  if (bits.size() > 4) bits[1] = ~0u, bits[2] = 0;
  if (count % 32 != 0) bits.back() &= (1u << (count % 32)) - 1u;
  return bits;
}

// The score of one element, from the weight before the step and the scaled gradient.
inline bounded expected_score(int32_t criterion, const bounded& w, const bounded& h) {
  switch (criterion) {
    case ESP_CRITERION_MAGNITUDE: return {std::fabs(w.value), w.error};
    case ESP_CRITERION_GRADIENT: return {std::fabs(h.value), h.error};
    case ESP_CRITERION_SIGNED_GRADIENT: return h;
    default: {
      const bounded product = w * h;
      return {std::fabs(product.value), product.error};
    }
  }
}

struct optim_tensor {
  optim_tensor(int32_t backend, int64_t size, uint32_t seed, bool with_mask, bool with_score,
               int64_t misaligned_by, bool rough = false)
      : count(size),
        masked(with_mask),
        scored(with_score),
        weight(backend, rough ? small_values(size, seed) : random_values(size, seed),
               misaligned_by),
        gradient(backend, rough ? small_values(size, seed + 1) : random_values(size, seed + 1),
                 misaligned_by),
        first(backend, std::vector<float>(static_cast<size_t>(size)), misaligned_by),
        second(backend, std::vector<float>(static_cast<size_t>(size)), misaligned_by),
        score(backend, std::vector<float>(static_cast<size_t>(size), -7.0f), misaligned_by),
        bits(backend, random_mask(size, seed + 2), misaligned_by) {
    for (const float w : weight.host()) w_.push_back(exactly(w));
    m_.resize(w_.size());
    v_.resize(w_.size());
    s_.resize(w_.size());
  }

  // Values from the smallest denormal to 1, zeros of both signs.
  static std::vector<float> small_values(int64_t size, uint32_t seed) {
    std::mt19937 generator(seed);
    std::vector<float> values = random_values(size, seed);
    for (float& v : values) v = std::ldexp(v, -static_cast<int>(generator() % 150));
    return values;
  }

  bool keeps(size_t i) const { return !masked || (bits.host()[i / 32] >> (i % 32) & 1u) != 0; }

  esp_sgd_item sgd_item() {
    return {weight.data(),
            gradient.data(),
            first.data(),
            masked ? bits.data() : nullptr,
            scored ? score.data() : nullptr,
            count,
            decay};
  }
  esp_adam_item adam_item() {
    return {weight.data(),
            gradient.data(),
            first.data(),
            second.data(),
            masked ? bits.data() : nullptr,
            scored ? score.data() : nullptr,
            count,
            decay};
  }

  // The steps as their formulas read, with the bounds of binary32.
  void expect_sgd(const esp_sgd& s, int32_t criterion) {
    const bounded momentum = coefficient(s.momentum), lambda = coefficient(decay);
    for (size_t i = 0; i < w_.size(); ++i) {
      const bounded h = coefficient(s.gradient_scale) * exactly(gradient.host()[i]);
      s_[i] = expected_score(criterion, w_[i], h);
      const bounded d = decay > 0 ? h + lambda * w_[i] : h;
      m_[i] = momentum * m_[i] + d;
      const bounded move = s.nesterov != 0 ? d + momentum * m_[i] : m_[i];
      w_[i] = w_[i] - coefficient(s.learning_rate) * move;
      if (!keeps(i)) w_[i] = m_[i] = {};
      if (s.momentum == 0) m_[i] = {};
    }
  }

  void expect_adam(const esp_adam& s, int32_t criterion) {
    const auto step = static_cast<double>(s.step);
    const bounded size = coefficient(s.learning_rate / (1 - std::pow(s.beta1, step)));
    const bounded factor = coefficient(1 / std::sqrt(1 - std::pow(s.beta2, step)));
    for (size_t i = 0; i < w_.size(); ++i) {
      const bounded h = coefficient(s.gradient_scale) * exactly(gradient.host()[i]);
      s_[i] = expected_score(criterion, w_[i], h);
      const bool coupled = decay > 0 && s.decoupled == 0, apart = decay > 0 && s.decoupled != 0;
      const bounded d = coupled ? h + coefficient(decay) * w_[i] : h;
      if (apart) w_[i] = w_[i] * coefficient(1 - s.learning_rate * decay);
      m_[i] = m_[i] + coefficient(1 - s.beta1) * (d - m_[i]);
      v_[i] = coefficient(s.beta2) * v_[i] + coefficient(1 - s.beta2) * d * d;
      w_[i] = w_[i] - size * m_[i] / (root(v_[i]) * factor + coefficient(s.epsilon));
      if (!keeps(i)) w_[i] = m_[i] = v_[i] = {};
    }
  }

  // Compares everything with what was expected.
  void check() {
    compare("weight", weight.fetch(), w_);
    compare("first state", first.fetch(), m_);
    compare("second state", second.fetch(), v_);
    score.fetch();
    if (scored)
      compare("score", score.host(), s_);
    else
      ASSERT_EQ(std::vector<float>(score.host().size(), -7.0f), score.host());
    ASSERT_TRUE(weight.guards_intact() && first.guards_intact() && second.guards_intact() &&
                score.guards_intact() && gradient.guards_intact() && bits.guards_intact());
    for (size_t i = 0; i < w_.size(); ++i) {
      const uint32_t all =
          bits_of(weight.host()[i]) | bits_of(first.host()[i]) | bits_of(second.host()[i]);
      ASSERT_TRUE(keeps(i) || all == 0) << "element " << i << " is masked";
    }
  }

  const int64_t count;
  const bool masked, scored;
  double decay = 0.0;
  buffer<float> weight, gradient, first, second, score;
  buffer<uint32_t> bits;

 private:
  void compare(const char* what, const std::vector<float>& got,
               const std::vector<bounded>& expected) const {
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_TRUE(std::isfinite(expected[i].error)) << what << " " << i;
      ASSERT_NEAR(expected[i].value, got[i], expected[i].error)
          << what << " " << i << " of " << count;
    }
  }

  std::vector<bounded> w_, m_, v_, s_;
};

}  // namespace espalier::test
