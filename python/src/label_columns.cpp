// SPDX-License-Identifier: Apache-2.0
#include "label_columns.h"

#include <algorithm>

#include "format/block.h"

namespace pcapml::python {
namespace {

void set(LabelColumns::Column& column, std::uint32_t number, std::string_view text) {
  if (column.codes.size() <= number) column.codes.resize(number + 1, kNull);
  if (column.codes[number] == kNull) column.codes[number] = column.texts.add(text);
}

}  // namespace

LabelColumns::LabelColumns() { static_assert(kCommentOption == kComment); }

std::optional<std::uint32_t> LabelColumns::look_up(std::string_view comment) {
  if (const std::uint32_t* known = numbers_.find(comment)) {
    // The table's own key would do as well, but finding it takes longer than comparing does.
    last_number_ = *known;
    last_comment_ = comments_[last_number_ - 1];
    return last_number_;
  }
  const auto view = parse_label(comment);
  if (!view) return std::nullopt;
  const std::uint32_t number = next_number_++;
  const std::string& kept = comments_.emplace_back(comment);
  numbers_.find_or_add(kept).value = number;
  take_apart(*view, number);
  last_comment_ = kept;
  last_number_ = number;
  return number;
}

void LabelColumns::take_apart(const LabelView& view, std::uint32_t number) {
  const Label parts = decode_label(view);
  set(sample_id, number, canonical_sample_id(parts.sample_id));
  if (!view.keyed || !parts.name.empty()) set(label, number, parts.name);
  for (const auto& [name, value] : parts.fields) {
    if (name == "d" || name == "dir") {
      set(direction, number, value);
    } else if (name == "dst") {
      set(dst, number, value);
    } else if (!view.keyed || (name != "proc" && name != "s")) {
      set(key_columns_[key_number(name)], number, value);
    }
  }
}

void LabelColumns::forget_comments() {
  LabelColumns fresh;
  for (const std::string& key : keys_) fresh.key_number(key);
  *this = std::move(fresh);
}

std::size_t LabelColumns::key_number(std::string_view name) {
  const auto found = std::find(keys_.begin(), keys_.end(), name);
  if (found != keys_.end()) return static_cast<std::size_t>(found - keys_.begin());
  keys_.emplace_back(name);
  key_columns_.emplace_back();
  return keys_.size() - 1;
}

void LabelColumns::codes(const Column& column, const Buffer& numbers, Buffer& made) {
  const std::size_t rows = numbers.size() / sizeof(std::uint32_t);
  const auto* number = numbers.as<std::uint32_t>();
  made.clear();
  auto* code = reinterpret_cast<std::int32_t*>(made.extend(rows * sizeof(std::int32_t)));
  for (std::size_t i = 0; i < rows; ++i)
    code[i] = number[i] < column.codes.size() ? column.codes[number[i]] : kNull;
}

}  // namespace pcapml::python
