// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pcapml/label.h"
#include "pcapml/packet.h"
#include "text_dictionary.h"

namespace pcapml::python {

/// What the label comments of packets say, column by column.
///
/// Packets repeat few comments, so each different one is taken apart once, and a row holds its number.
class LabelColumns {
 public:
  struct Column {
    TextDictionary texts;
    std::vector<std::int32_t> codes;  ///< by number of the comment; short where the last ones lack it
  };

  LabelColumns();

  /// Number of the packet's label comment.
  std::uint32_t number_of(const OptionsView& options) {
    for (auto it = options.begin(); it != options.end(); ++it) {
      if (it->code != kCommentOption) continue;
      const std::string_view comment = it->text();
      if (comment == last_comment_) return last_number_;
      if (const auto number = look_up(comment)) return *number;
    }
    return kUnlabeled;
  }

  Column sample_id, label, direction, dst;

  /// Keys that are none of the above, in order of appearance.
  const std::vector<std::string>& keys() const { return keys_; }
  const Column& key(std::size_t i) const { return key_columns_[i]; }
  /// Keeps nothing but the keys, so that memory does not grow with the comments.
  void forget_comments();
  /// Number of a key, which gets a column if it has none.
  std::size_t key_number(std::string_view name);

  /// The codes of a column for rows that have these numbers, in place of what `made` holds.
  static void codes(const Column& column, const Buffer& numbers, Buffer& made);

 private:
  static constexpr std::uint16_t kCommentOption = 1;
  static constexpr std::uint32_t kUnlabeled = 0;

  /// nullopt where the comment is no label.
  std::optional<std::uint32_t> look_up(std::string_view comment);
  void take_apart(const LabelView& view, std::uint32_t number);

  OpenTable<std::string_view, std::uint32_t> numbers_;
  std::deque<std::string> comments_;  // the table's keys borrow them
  std::string_view last_comment_;
  std::uint32_t last_number_ = kUnlabeled;
  std::uint32_t next_number_ = kUnlabeled + 1;
  std::vector<std::string> keys_;
  std::deque<Column> key_columns_;
};

}  // namespace pcapml::python
