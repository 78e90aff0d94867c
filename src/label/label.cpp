// SPDX-License-Identifier: Apache-2.0
#include "pcapml/label.h"

#include <algorithm>

#include "label/text.h"

namespace pcapml {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

/// Takes the text up to the next comma off the front.
std::string_view next_piece(std::string_view& rest) {
  const std::size_t comma = rest.find(',');
  const std::string_view piece = rest.substr(0, comma);
  rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  return piece;
}

struct FieldView {
  std::string_view name, value;
};

std::optional<FieldView> parse_field(std::string_view piece) {
  const std::size_t equals = piece.find('=');
  if (equals == std::string_view::npos || !is_field_name(piece.substr(0, equals))) return std::nullopt;
  return FieldView{piece.substr(0, equals), piece.substr(equals + 1)};
}

/// The name of a keyed label: `label`, or `proc` where there is none.
std::string_view keyed_name(std::string_view metadata) {
  std::string_view process;
  bool has_process = false;
  for (std::string_view rest = metadata; !rest.empty();) {
    const auto field = parse_field(next_piece(rest));
    if (!field) continue;
    if (field->name == "label") return field->value;
    if (field->name != "proc" || has_process) continue;
    process = field->value;
    has_process = true;
  }
  return process;
}

int hex_value(char c) { return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/// The byte that `%XY` at `at` stands for, or -1 where encode_text never writes this escape.
int escaped_byte(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]), low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) return -1;
  const int byte = high * 16 + low;
  return must_escape(static_cast<unsigned char>(byte)) ? byte : -1;
}

}  // namespace

std::optional<LabelView> parse_label(std::string_view comment) {
  LabelView view;
  view.keyed = comment.starts_with("s=");
  const std::string_view text = comment.substr(view.keyed ? 2 : 0);
  const std::size_t digits = count_digits(text);
  const bool ends = digits == text.size();
  if (digits == 0 || (ends && !view.keyed) || (!ends && text[digits] != ',')) return std::nullopt;
  view.sample_id = text.substr(0, digits);
  if (!ends) view.metadata = text.substr(digits + 1);
  return view;
}

const std::string* Label::field(std::string_view wanted) const {
  for (const auto& [key, value] : fields)
    if (key == wanted) return &value;
  return nullptr;
}

char Label::direction() const {
  for (const auto& [key, value] : fields) {
    if (key != "d" && key != "dir") continue;
    if (value == "e" || value == "lan2wan") return 'e';
    if (value == "i" || value == "wan2lan") return 'i';
  }
  return 0;
}

std::string_view label_name(const LabelView& view, std::string& scratch) {
  const std::string_view name =
      view.keyed ? keyed_name(view.metadata) : view.metadata.substr(0, view.metadata.find(','));
  if (name.find('%') == std::string_view::npos) return name;
  scratch = decode_text(name);
  return scratch;
}

Label decode_label(const LabelView& view) {
  Label label;
  label.sample_id = view.sample_id;
  std::string_view rest = view.metadata;
  label.name = decode_text(view.keyed ? keyed_name(rest) : next_piece(rest));
  while (!rest.empty()) {
    const auto field = parse_field(next_piece(rest));
    if (!field || (view.keyed && field->name == "label")) continue;
    label.fields.emplace_back(field->name, decode_text(field->value));
  }
  return label;
}

std::string encode_label(const Label& label) {
  std::string text = label.sample_id;
  text += ',';
  append_encoded(text, label.name);
  for (const auto& [key, value] : label.fields) {
    text += ',';
    text += key;
    text += '=';
    append_encoded(text, value);
  }
  return text;
}

std::string encode_text(std::string_view text) {
  std::string encoded;
  append_encoded(encoded, text);
  return encoded;
}

std::string decode_text(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t percent = std::min(text.find('%', at), text.size());
    decoded.append(text, at, percent - at);
    at = percent;
    if (at == text.size()) break;
    const int byte = escaped_byte(text, at);
    decoded += byte < 0 ? '%' : static_cast<char>(byte);
    at += byte < 0 ? 1 : 3;
  }
  return decoded;
}

std::string_view canonical_sample_id(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  if (first != std::string_view::npos) return digits.substr(first);
  return digits.empty() ? digits : digits.substr(digits.size() - 1);
}

int compare_sample_ids(std::string_view a, std::string_view b) {
  const std::string_view left = canonical_sample_id(a), right = canonical_sample_id(b);
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  const int order = left.compare(right);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace pcapml
