// SPDX-License-Identifier: Apache-2.0
#include "cli/printable.h"

#include <fmt/format.h>

#include "cli/character_width.h"
#include "label/text.h"

namespace pcapml::cli {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::size_t first_character(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && size < 4 && continues(text[size])) ++size;
  return size;
}

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
      const std::string_view character = valid.substr(0, first_character(valid));
      if (is_control(character)) {
        escape(character);
      } else {
        shown += character;
      }
      valid.remove_prefix(character.size());
    }
    if (text.empty()) break;
    escape(text.substr(0, 1));
    text.remove_prefix(1);
  }
  return shown;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t size = 0; !text.empty(); text.remove_prefix(size)) {
    size = first_character(text);
    columns += width_of_character(text.substr(0, size));
  }
  return columns;
}

std::string cut_to(std::string text, std::size_t columns, std::string_view mark) {
  if (columns == 0 || columns_of(text) <= columns) return text;
  std::size_t kept = 0;
  for (std::size_t taken = 0; kept < text.size();) {
    const std::string_view rest = std::string_view(text).substr(kept);
    const std::size_t size = first_character(rest);
    taken += width_of_character(rest.substr(0, size));
    if (taken > columns - 1) break;  // the mark takes the last column
    kept += size;
  }
  text.resize(kept);
  return text.append(mark);
}

}  // namespace pcapml::cli
