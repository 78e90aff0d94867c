// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "label/glob.h"
#include "net/keyed_hash.h"

namespace pcapml {

/// Which of many shell patterns match a text: those that are a text, or what texts begin or end with, are
/// looked up, the others tried.
class GlobIndex {
 public:
  enum class Case : unsigned char { matters, ignored };  ///< of ASCII letters
  explicit GlobIndex(Case letters = Case::matters) : letters_(letters) {}

  void add(std::uint32_t number, std::string_view pattern);

  /// Appends the numbers of the patterns that match, in no order.
  void find(std::string_view text, std::vector<std::uint32_t>& numbers) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return keyed_hash(text); }
  };
  using ByText = std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>>;
  struct Pattern {
    std::uint32_t number;
    Glob glob;
  };

  static void append(const ByText& texts, std::string_view text, std::vector<std::uint32_t>& numbers);

  Case letters_;
  std::vector<Pattern> others_;
  ByText exact_;
  std::map<std::size_t, ByText> beginnings_, endings_;  // by length
};

}  // namespace pcapml
