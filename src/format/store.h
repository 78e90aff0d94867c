// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "pcapml/bytes.h"

namespace pcapml {

inline bool is_native(ByteOrder order) { return order == kNativeOrder; }

/// Stores an integer in the given byte order and gives the place behind it.
inline std::byte* store(std::byte* to, std::uint16_t value, ByteOrder order) {
  if (!is_native(order)) value = __builtin_bswap16(value);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}
inline std::byte* store(std::byte* to, std::uint32_t value, ByteOrder order) {
  if (!is_native(order)) value = __builtin_bswap32(value);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}
inline std::byte* store(std::byte* to, std::uint64_t value, ByteOrder order) {
  if (!is_native(order)) value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}
inline std::byte* store(std::byte* to, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace pcapml
