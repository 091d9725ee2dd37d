// Both steps for the CPU, compiled once per instruction set: memory bandwidth decides, so the
// compiler's vector code is enough. Included by one file per instruction set only.
#pragma once

#include "base/partition.h"
#include "kernels/optim/formula.h"

namespace espalier {
namespace {

constexpr int64_t word = 32;  // elements of one word of a mask
// Elements that are scored and then moved: the second pass finds them in the first-level cache.
constexpr int64_t block = 1024;

// ---- one block ----------------------------------------------------------------------------------

void score_block(int32_t criterion, float scale, const void* weight, const void* gradient,
                 void* score, int64_t from, int64_t to) {
  const float* w = static_cast<const float*>(weight);
  const float* g = static_cast<const float*>(gradient);
  float* __restrict s = static_cast<float*>(score);
#pragma omp simd
  for (int64_t i = from; i < to; ++i) s[i] = score_of(criterion, w[i], scale * g[i]);
}

// Moves [0, count) elements; those whose bit of `bits` is 0 become 0. With a mask count is at most
// a word.
template <bool masked, bool has_momentum>
void move_run(const sgd_constants& constants, const esp_sgd_item& item, int64_t at, int64_t count,
              uint32_t bits) {
  const sgd_constants c = constants;
  const float decay = static_cast<float>(item.weight_decay);
  const float* __restrict g = static_cast<const float*>(item.gradient) + at;
  float* __restrict w = static_cast<float*>(item.weight) + at;
  float* __restrict v = has_momentum ? static_cast<float*>(item.momentum) + at : nullptr;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    float weight = w[i], velocity = has_momentum ? v[i] : 0.0f;
    sgd_move(c, decay, g[i], &weight, &velocity);
    const bool kept = !masked || (bits >> i & 1u) != 0;
    w[i] = kept ? weight : 0.0f;
    if (has_momentum) v[i] = kept ? velocity : 0.0f;
  }
}

struct adam_step {
  adam_constants constants;
  adam_decay decay;
};

template <bool masked>
void move_run(const adam_step& step, const esp_adam_item& item, int64_t at, int64_t count,
              uint32_t bits) {
  const adam_step s = step;
  const float* __restrict g = static_cast<const float*>(item.gradient) + at;
  float* __restrict w = static_cast<float*>(item.weight) + at;
  float* __restrict m = static_cast<float*>(item.mean) + at;
  float* __restrict v = static_cast<float*>(item.square) + at;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    float weight = w[i], mean = m[i], square = v[i];
    adam_move(s.constants, s.decay, g[i], &weight, &mean, &square);
    const bool kept = !masked || (bits >> i & 1u) != 0;
    w[i] = kept ? weight : 0.0f;
    m[i] = kept ? mean : 0.0f;
    v[i] = kept ? square : 0.0f;
  }
}

// Calls run(at, count, bits) for the stretches of [from, to) that lie in one word each.
template <class Run>
void for_each_word(const void* bits, int64_t from, int64_t to, Run&& run) {
  const uint32_t* words = static_cast<const uint32_t*>(bits);
  for (int64_t at = from; at < to;) {
    const int64_t next = (at / word + 1) * word;
    if (next - at == word && next <= to)
      run(at, word, words[at / word]);
    else
      run(at, (next < to ? next : to) - at, words[at / word] >> (at % word));
    at = next;
  }
}

// ---- all blocks ---------------------------------------------------------------------------------

// Calls part(item, from, to) for blocks of every item, after scoring them.
template <class Call, class Part>
int32_t for_each_block(const Call& call, float scale, Part&& part) {
  constexpr int64_t cache_line = 16;
  const int64_t total = total_count(call.items, call.item_count);
  const auto blocks = [&](int32_t n, int64_t from, int64_t to) {
    const auto& item = call.items[n];
    for (int64_t at = from; at < to; at += block) {
      const int64_t end = to - at < block ? to : at + block;
      if (item.score != nullptr)
        score_block(call.criterion, scale, item.weight, item.gradient, item.score, at, end);
      part(item, at, end);
    }
  };
  for_each_thread(total, threads_for(total, call.threads), cache_line,
                  [&](int32_t, int64_t begin, int64_t end) {
                    for_each_part(call.items, call.item_count, begin, end, blocks);
                  });
  return ESP_OK;
}

template <bool has_momentum>
int32_t sgd_steps(const sgd_step_call& call) {
  const sgd_constants c(*call.settings);
  return for_each_block(
      call, c.gradient_scale, [&](const esp_sgd_item& item, int64_t from, int64_t to) {
        if (item.bits == nullptr) return move_run<false, has_momentum>(c, item, from, to - from, 0);
        for_each_word(item.bits, from, to, [&](int64_t at, int64_t count, uint32_t bits) {
          move_run<true, has_momentum>(c, item, at, count, bits);
        });
      });
}

inline int32_t sgd_steps_by_momentum(const sgd_step_call& call) {
  return call.settings->momentum > 0.0 ? sgd_steps<true>(call) : sgd_steps<false>(call);
}

inline int32_t adam_steps(const adam_step_call& call) {
  const adam_constants c(*call.settings);
  return for_each_block(
      call, c.gradient_scale, [&](const esp_adam_item& item, int64_t from, int64_t to) {
        const adam_step step = {c, adam_decay_of(*call.settings, item.weight_decay)};
        if (item.bits == nullptr) return move_run<false>(step, item, from, to - from, 0);
        for_each_word(item.bits, from, to, [&](int64_t at, int64_t count, uint32_t bits) {
          move_run<true>(step, item, at, count, bits);
        });
      });
}

}  // namespace
}  // namespace espalier
