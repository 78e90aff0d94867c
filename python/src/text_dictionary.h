// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "arrow_export.h"
#include "net/open_table.h"

namespace pcapml::python {

/// What a column of texts holds at a row: nothing.
inline constexpr std::int32_t kNull = -1;

/// Texts that differ, numbered in order of appearance.
class TextDictionary {
 public:
  /// The number of a text, which is made valid UTF-8.
  std::int32_t add(std::string_view text);

  std::size_t size() const { return texts_.size(); }
  const std::string& operator[](std::int32_t code) const { return texts_[static_cast<std::size_t>(code)]; }

 private:
  OpenTable<std::string_view, std::int32_t> codes_;
  std::deque<std::string> texts_;  // the table's keys borrow them
};

/// Type and data of a column of texts from its codes (int32, kNull for nothing) and their dictionary; as
/// dictionary-encoded text, or plain with 64-bit offsets.
FieldType text_type(std::string name, bool plain);
/// `codes` is taken unless the array is plain.
std::shared_ptr<const ArrayData> text_array(Buffer& codes, const TextDictionary& dictionary, bool plain);
/// A column that has nothing at any row.
std::shared_ptr<const ArrayData> null_text_array(std::int64_t rows, bool plain);

}  // namespace pcapml::python
