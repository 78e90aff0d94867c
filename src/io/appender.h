// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace pcapml {

/// Gives room at the end of an output, for writers that encode in place.
class Appender {
 public:
  virtual ~Appender() = default;
  /// Room for n contiguous bytes; the caller fills them before the next call.
  virtual std::byte* append(std::size_t n) = 0;
};

}  // namespace pcapml
