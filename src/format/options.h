// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "format/block.h"
#include "pcapml/cursor.h"
#include "pcapml/packet.h"

namespace pcapml {

/// Checks the form of an option list (pcapng draft, section 3.5) and cuts it at opt_endofopt.
/// nullopt where an option runs past the end.
inline std::optional<Bytes> check_options(Bytes bytes, ByteOrder order) {
  Cursor cursor(bytes, order);
  std::size_t end = 0;
  while (cursor.remaining() >= 4) {
    std::uint16_t code = 0, length = 0;
    cursor.read(code, length);
    if (code == kEndOfOptions) return bytes.first(end);
    cursor.skip(padded(length));
    if (!cursor.ok()) return std::nullopt;
    end = cursor.position();
  }
  return bytes.first(end);  // the end mark may be missing
}

/// Builds an option list in one byte order.
class OptionList {
 public:
  explicit OptionList(ByteOrder order) : order_(order) {}

  /// Throws DataError for a value above 65,535 bytes.
  void add(std::uint16_t code, Bytes value);
  void add(std::uint16_t code, std::string_view text) { add(code, as_bytes(text)); }
  void add_u8(std::uint16_t code, std::uint8_t value);
  void add_u32(std::uint16_t code, std::uint32_t value);
  void add_u64(std::uint16_t code, std::uint64_t value);
  /// Options that are encoded already, in the same byte order.
  void append(Bytes encoded) { bytes_.insert(bytes_.end(), encoded.begin(), encoded.end()); }

  ByteOrder order() const { return order_; }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  std::vector<std::byte> take() && { return std::move(bytes_); }

 private:
  ByteOrder order_;
  std::vector<std::byte> bytes_;
};

}  // namespace pcapml
