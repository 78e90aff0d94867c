// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pcapml {

/// Takes a few values out of lines that are a JSON object each, by paths of keys joined with dots:
/// `flow.start`.
class JsonFields {
 public:
  /// An empty path is not looked for. The same path may be wanted twice.
  explicit JsonFields(std::vector<std::string> paths) : paths_(std::move(paths)), values_(paths_.size()) {}

  /// Throws BadRecord where the line is no JSON object.
  void read(std::string_view text, std::uint64_t line);
  /// Text of the value for a path, numbers as written; "" where there is none, or null, an array or an
  /// object.
  std::string_view value(std::size_t path) const { return values_[path]; }

 private:
  class Handler;

  std::vector<std::string> paths_;
  std::vector<std::string> values_;
};

}  // namespace pcapml
