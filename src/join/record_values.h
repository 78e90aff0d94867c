// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pcapml/headers.h"

namespace pcapml {

/// Values as tables of flows write them. The text has no blanks at its ends.

std::optional<IpAddress> parse_address(std::string_view text);

/// Decimal, `0x` hexadecimal, or decimal with `.0` behind it.
std::optional<std::uint16_t> parse_port(std::string_view text);

/// A length of time in units of so many nanoseconds: decimal, with or without fraction and exponent. Up to
/// 292 years either way.
std::optional<std::int64_t> parse_duration(std::string_view text, std::int64_t unit_ns);

/// A protocol as a number, or by the name that IANA, Argus or Zeek has for it.
struct ProtocolValue {
  std::optional<std::uint8_t> number;  ///< none: any, or one that the table does not tell
  bool is_ip = true;                   ///< false: ARP and others that no 5-tuple stands for
};
std::optional<ProtocolValue> parse_protocol(std::string_view text);

/// Text that is not UTF-8 as that of Windows-1252, which spreadsheets write.
std::string utf8_of(std::string_view text);

/// Without blanks and tabs at either end.
std::string_view trimmed(std::string_view text);

}  // namespace pcapml
