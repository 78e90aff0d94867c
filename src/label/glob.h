// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pcapml {

/// A shell pattern of a whole text (POSIX.1-2017, Shell 2.13, but for collating symbols and character
/// classes): `*` is any text, `?` one character, `[a-z]` one of some and `[!a-z]` one of the others; `\`
/// takes the meaning from what follows. A `[` that is never closed is itself. A value.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  /// Takes time in proportion to both lengths multiplied, at most.
  bool matches(std::string_view text) const;

  /// Patterns that need no matching: a text, or what texts begin with, end with or hold.
  enum class Shape : unsigned char { exact, beginning, ending, part, other };
  Shape shape() const { return shape_; }
  /// That text, unless the shape is `other`.
  const std::string& literal() const { return literal_; }

 private:
  /// The bytes of a character in UTF-8, the first one highest, which orders them as code points.
  using Character = std::uint32_t;
  struct Range {
    Character first, last;
  };
  struct Element {
    enum class Kind : unsigned char { character, any, run, set, other_than } kind;
    Character character = 0;
    std::size_t begin = 0, end = 0;  // in ranges_
  };

  static Character take_character(std::string_view& text);
  bool take_set(std::string_view& rest);
  bool holds(const Element& element, Character character) const;
  void find_shape();

  std::vector<Element> elements_;
  std::vector<Range> ranges_;
  Shape shape_ = Shape::other;
  std::string literal_;
};

}  // namespace pcapml
