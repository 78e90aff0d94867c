// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pcapml {

/// Bytes that stand percent-encoded inside a label: `%`, `,`, 0x00 to 0x1F and 0x7F.
constexpr bool must_escape(unsigned char c) { return c == '%' || c == ',' || c < 0x20 || c == 0x7F; }

/// `[a-z][a-z0-9_.-]*`, the names that a `name=value` field of a label may have.
bool is_field_name(std::string_view text);

/// Length of the well-formed UTF-8 at the front of the text (Unicode 15, table 3-7).
std::size_t valid_utf8_prefix(std::string_view text);

/// encode_text, appended to what is there.
void append_encoded(std::string& out, std::string_view text);

/// Text of a user's file for an error message: control characters and broken UTF-8 made visible, long text
/// cut in the middle.
std::string shown(std::string_view text);

}  // namespace pcapml
