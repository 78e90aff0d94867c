// SPDX-License-Identifier: Apache-2.0
#include "label/text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace pcapml {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// What may follow a lead byte: how many bytes, and the range of the first of them.
struct Lead {
  unsigned char trail = 0, low = 0x80, high = 0xBF;
};

Lead lead_of(unsigned char c) {
  if (c >= 0xC2 && c <= 0xDF) return {1};
  if (c == 0xE0) return {2, 0xA0};
  if (c == 0xED) return {2, 0x80, 0x9F};
  if (c >= 0xE1 && c <= 0xEF) return {2};
  if (c == 0xF0) return {3, 0x90};
  if (c >= 0xF1 && c <= 0xF3) return {3};
  if (c == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

struct Character {
  std::size_t length;  ///< of the character, or of the ill-formed piece that becomes one U+FFFD
  bool valid;
};

Character character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {1, true};
  const Lead lead = lead_of(byte(0));
  if (lead.trail == 0) return {1, false};
  std::size_t n = 1;
  for (; n <= lead.trail; ++n) {
    if (n == text.size()) return {n, false};
    const unsigned char low = n == 1 ? lead.low : 0x80, high = n == 1 ? lead.high : 0xBF;
    if (byte(n) < low || byte(n) > high) return {n, false};
  }
  return {n, true};
}

std::size_t ascii_prefix(std::string_view text) {
  std::size_t n = 0;
  for (std::uint64_t eight; n + 8 <= text.size(); n += 8) {
    std::memcpy(&eight, text.data() + n, 8);
    if ((eight & 0x8080808080808080U) != 0) break;
  }
  while (n < text.size() && static_cast<unsigned char>(text[n]) < 0x80) ++n;
  return n;
}

}  // namespace

bool is_field_name(std::string_view text) {
  if (text.empty() || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t n = ascii_prefix(text);
  while (n < text.size()) {
    const Character next = character_at(text.substr(n));
    if (!next.valid) break;
    n += next.length;
    n += ascii_prefix(text.substr(n));
  }
  return n;
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (must_escape(c)) {
      out += {'%', kHex[c >> 4], kHex[c & 15]};
      ++at;
      continue;
    }
    const Character next = character_at(text.substr(at));
    out += next.valid ? text.substr(at, next.length) : kReplacement;
    at += next.length;
  }
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 160, kHead = 100, kTail = 40;
  const auto visible = [](std::string_view part) {
    std::string out;
    for (std::size_t at = 0; at < part.size();) {
      const Character next = character_at(part.substr(at));
      const auto c = static_cast<unsigned char>(part[at]);
      // C1 controls (U+0080 to U+009F) command terminals too.
      const bool c1 = c == 0xC2 && next.valid && static_cast<unsigned char>(part[at + 1]) < 0xA0;
      const bool keep = next.valid && !c1 && c >= 0x20 && c != 0x7F;
      out += keep ? part.substr(at, next.length) : kReplacement;
      at += next.length;
    }
    return out;
  };
  if (text.size() <= kMost) return "'" + visible(text) + "'";
  return "'" + visible(text.substr(0, kHead)) + " ... " + visible(text.substr(text.size() - kTail)) + "'";
}

}  // namespace pcapml
