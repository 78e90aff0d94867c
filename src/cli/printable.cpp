// SPDX-License-Identifier: Apache-2.0
#include "cli/printable.h"

#include <fmt/format.h>

#include <algorithm>

#include "label/text.h"

namespace pcapml::cli {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// C0 and DEL, C1 (U+0080 to U+009F), and the marks that reorder or hide text (U+200B to U+200F, U+2028 to
/// U+202E, U+2060 to U+206F, U+FEFF).
bool is_control(std::string_view character) {
  const auto byte = [character](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7f;
  if (character.size() == 2) return byte(0) == 0xc2 && byte(1) < 0xa0;
  if (character.size() != 3) return false;
  if (byte(0) == 0xef) return byte(1) == 0xbb && byte(2) == 0xbf;
  if (byte(0) != 0xe2) return false;
  if (byte(1) == 0x80) return (byte(2) >= 0x8b && byte(2) <= 0x8f) || (byte(2) >= 0xa8 && byte(2) <= 0xae);
  return byte(1) == 0x81 && byte(2) >= 0xa0 && byte(2) <= 0xaf;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  const auto escape = [&shown](std::string_view bytes) {
    for (const char c : bytes) shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  };
  while (!text.empty()) {
    std::string_view valid = text.substr(0, valid_utf8_prefix(text));
    text.remove_prefix(valid.size());
    while (!valid.empty()) {
      std::size_t size = 1;
      while (size < valid.size() && continues(valid[size])) ++size;
      const std::string_view character = valid.substr(0, size);
      if (is_control(character)) {
        escape(character);
      } else {
        shown += character;
      }
      valid.remove_prefix(size);
    }
    if (text.empty()) break;
    escape(text.substr(0, 1));
    text.remove_prefix(1);
  }
  return shown;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string cut_to(std::string text, std::size_t columns) {
  if (columns == 0 || columns_of(text) <= columns) return text;
  std::size_t size = 0;
  for (std::size_t taken = 0; taken < columns; ++taken) {  // up to the start of the last column
    if (taken == columns - 1) break;
    ++size;
    while (size < text.size() && continues(text[size])) ++size;
  }
  text.resize(size);
  return text + "~";
}

}  // namespace pcapml::cli
