// SPDX-License-Identifier: Apache-2.0
#include "net/host_name.h"

#include <algorithm>

namespace pcapml {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A last part of digits makes it an IPv4 address, or a mistyped one: there is no such top-level domain.
bool ends_in_number(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::all_of(last.begin(), last.end(), is_digit);
}

}  // namespace

std::optional<std::string> normal_host_name(std::string_view name) {
  constexpr std::size_t kMaxName = 253, kMaxPart = 63;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kMaxName || ends_in_number(name)) return std::nullopt;
  std::string normal;
  normal.reserve(name.size());
  std::size_t part = 0;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '.') {
      if (part == 0) return std::nullopt;
      part = 0;
    } else if ((c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_') {
      if (++part > kMaxPart) return std::nullopt;
    } else {
      return std::nullopt;
    }
    normal += c;
  }
  return normal;
}

}  // namespace pcapml
