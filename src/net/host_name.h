// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pcapml {

/// The form in which a name is written: lower case, without a dot at the end. nullopt for what is no host
/// name: above 253 bytes, an empty or overlong part, an address, any byte but letters, digits, `-`, `_` and
/// `.` (RFC 1123, 2.1; the underscore because real names have it).
std::optional<std::string> normal_host_name(std::string_view name);

}  // namespace pcapml
