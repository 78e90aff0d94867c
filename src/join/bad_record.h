// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace pcapml {

/// One record of a table cannot be used; the reader that throws it stands before the next one. what() is the
/// reason, column included.
class BadRecord : public std::runtime_error {
 public:
  BadRecord(std::uint64_t line, const std::string& reason) : std::runtime_error(reason), line_(line) {}
  std::uint64_t line() const noexcept { return line_; }

 private:
  std::uint64_t line_;
};

}  // namespace pcapml
