// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "pcapml/bytes.h"

namespace pcapml {

/// CRC32c of the pieces given (RFC 9260, appendix A).
class Crc32c {
 public:
  void add(Bytes bytes);
  /// SCTP stores it with the lowest byte first.
  std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xffffffff;
};

}  // namespace pcapml
