// Status results with a one-line message of the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace espalier {

constexpr size_t message_capacity = 512;

// The calling thread's message, message_capacity bytes. Each library defines it: the CPU library
// owns the buffers, the CUDA library is handed the CPU library's function when it is opened.
char* message_buffer();

// Writes the message (cut to the capacity) and returns `status`.
[[gnu::format(printf, 2, 3)]] int32_t fail(int32_t status, const char* format, ...);

}  // namespace espalier

// Returns the status of `expression` from the calling function unless it is ESP_OK.
#define ESP_TRY(expression)                                                               \
  do {                                                                                    \
    if (const int32_t esp_status = (expression); esp_status != ESP_OK) return esp_status; \
  } while (false)

// Refuses an argument: ESP_REQUIRE(count >= 0, "esp_score: items[%d].count: expected ..., got ...",
// ...).
#define ESP_REQUIRE(condition, ...)                                               \
  do {                                                                            \
    if (!(condition)) return ::espalier::fail(ESP_INVALID_ARGUMENT, __VA_ARGS__); \
  } while (false)
