// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <span>
#include <string_view>

namespace pcapml {

/// Borrowed bytes. A view dies at the next call on what produced it.
using Bytes = std::span<const std::byte>;

/// Byte order of a pcap file or of one pcapng section.
enum class ByteOrder : unsigned char { little, big };

/// That of this machine.
inline constexpr ByteOrder kNativeOrder =
    std::endian::native == std::endian::big ? ByteOrder::big : ByteOrder::little;

/// The same bytes as text; nothing is decoded.
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The same text as bytes; valid as long as the text is.
inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span{text.data(), text.size()}); }

}  // namespace pcapml
