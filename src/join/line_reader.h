// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "pcapml/source.h"

namespace pcapml {

/// Lines of a text, without their ends (LF or CRLF); a byte order mark of UTF-8 is passed over.
class LineReader {
 public:
  /// Longer ones are a BadRecord and passed over, however long they are.
  static constexpr std::size_t kLongestLine = std::size_t{16} << 20;

  explicit LineReader(std::unique_ptr<Source> source) : source_(std::move(source)) {}

  /// Lives until the next call; nullopt at the end.
  std::optional<std::string_view> next();
  /// The next byte, without taking it; nullopt at the end.
  std::optional<char> peek();
  /// Of the line just given, from 1.
  std::uint64_t line() const { return line_; }
  const Source& source() const { return *source_; }

 private:
  bool fill();
  void skip_rest_of_line();
  std::string_view take(std::size_t size, std::size_t end_size);

  std::unique_ptr<Source> source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t line_ = 0;
  bool at_end_ = false;
};

}  // namespace pcapml
