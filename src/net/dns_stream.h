// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// Takes DNS messages out of one direction of a TCP connection (RFC 1035, 4.2.2: each behind its length),
/// whatever the segments. After a gap it goes on at the start of a later segment. Memory is bounded; not
/// thread-safe.
class DnsStream {
 public:
  /// A segment's payload, in capture order.
  void add(std::uint32_t sequence, Bytes payload);
  /// The next whole message, or an empty view. Dies at the next call.
  Bytes next();
  /// The message just given made no sense: what follows it does not begin where it was thought to.
  void lose_place();

  std::size_t memory() const { return buffer_.size() + waiting_bytes_; }

 private:
  void append(std::uint32_t sequence, Bytes payload);
  void skip_gap();

  std::vector<std::byte> buffer_;  // from the start of a message on, without a gap
  std::size_t taken_ = 0;          // of it
  std::uint32_t next_sequence_ = 0;
  bool started_ = false;
  std::map<std::uint32_t, std::vector<std::byte>> waiting_;  // behind a gap, by distance from origin_
  std::uint32_t origin_ = 0;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace pcapml
