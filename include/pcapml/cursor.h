// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "pcapml/bytes.h"

namespace pcapml {

/// Reads integers and pieces from hostile bytes; the only place that does arithmetic on them.
///
/// The first read past the end makes ok() false for good; that read and all later ones give 0 or an empty
/// piece. Borrows the bytes. u16()...u64() follow the order given to the constructor, be16()... do not.
class Cursor {
 public:
  explicit Cursor(Bytes bytes, ByteOrder order = ByteOrder::big) : bytes_(bytes), order_(order) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  bool empty() const { return remaining() == 0; }
  ByteOrder order() const { return order_; }

  std::uint8_t u8() { return load<std::uint8_t>(ByteOrder::big); }
  std::uint16_t u16() { return load<std::uint16_t>(order_); }
  std::uint32_t u32() { return load<std::uint32_t>(order_); }
  std::uint64_t u64() { return load<std::uint64_t>(order_); }
  std::uint16_t be16() { return load<std::uint16_t>(ByteOrder::big); }
  std::uint32_t be32() { return load<std::uint32_t>(ByteOrder::big); }
  std::uint64_t be64() { return load<std::uint64_t>(ByteOrder::big); }
  std::uint16_t le16() { return load<std::uint16_t>(ByteOrder::little); }
  std::uint32_t le32() { return load<std::uint32_t>(ByteOrder::little); }
  std::uint64_t le64() { return load<std::uint64_t>(ByteOrder::little); }

  /// The next integers, one of each type, with one check for all of them; false past the end.
  template <class... T>
  bool read(T&... values) {
    constexpr std::size_t kSize = (sizeof(T) + ...);
    if (!has(kSize)) return ((values = 0), ..., false);
    const std::byte* from = bytes_.data() + position_;
    position_ += kSize;
    const auto raw = [&from](auto& value) {
      std::memcpy(&value, from, sizeof value);
      from += sizeof value;
    };
    (raw(values), ...);
    if (!is_native(order_)) ((values = swapped(values)), ...);
    return true;
  }

  /// The next n bytes.
  Bytes take(std::size_t n) {
    if (!has(n)) return {};
    const Bytes piece = bytes_.subspan(position_, n);
    position_ += n;
    return piece;
  }
  void skip(std::size_t n) { take(n); }
  /// All that is left, without moving on.
  Bytes rest() const { return ok_ ? bytes_.subspan(position_) : Bytes{}; }
  /// Everything read so far.
  Bytes consumed() const { return bytes_.first(position_); }

 private:
  bool has(std::size_t n) {
    ok_ = ok_ && n <= remaining();
    return ok_;
  }

  template <class T>
  T load(ByteOrder order) {
    if (!has(sizeof(T))) return 0;
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof(T);
    return is_native(order) ? value : swapped(value);
  }

  static bool is_native(ByteOrder order) { return order == kNativeOrder; }
  static std::uint8_t swapped(std::uint8_t v) { return v; }
  static std::uint16_t swapped(std::uint16_t v) { return __builtin_bswap16(v); }
  static std::uint32_t swapped(std::uint32_t v) { return __builtin_bswap32(v); }
  static std::uint64_t swapped(std::uint64_t v) { return __builtin_bswap64(v); }

  Bytes bytes_;
  std::size_t position_ = 0;
  ByteOrder order_;
  bool ok_ = true;
};

}  // namespace pcapml
