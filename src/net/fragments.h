// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <vector>

#include "pcapml/headers.h"

namespace pcapml {

/// Puts IP fragments together (RFC 791, 3.2; RFC 8200, 4.5), in bounded memory: the oldest unfinished packet
/// goes first. Not thread-safe.
class Fragments {
 public:
  explicit Fragments(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  Fragments(const Fragments&) = delete;  // it holds iterators into itself
  Fragments& operator=(const Fragments&) = delete;
  Fragments(Fragments&&) = default;
  Fragments& operator=(Fragments&&) = default;

  struct Result {
    /// The 5-tuple, ports included, where the first fragment has been seen; else as the fragment has it.
    FlowKey flow;
    /// The whole IP packet, without its options and extension headers, once the last piece is there; else
    /// empty. Dies at the next call.
    Bytes packet;
  };

  /// Precondition: headers.is_fragment(), and `packet` is what they were parsed from.
  Result add(const Headers& headers, Bytes packet);

  /// Packets that were never complete, those unfinished now included.
  std::uint64_t incomplete() const { return incomplete_ + unfinished_.size(); }

 private:
  struct Id {
    IpAddress source, destination;
    std::uint32_t number;
    std::uint8_t protocol;
    auto operator<=>(const Id&) const = default;
  };
  struct Unfinished {
    FlowKey flow;
    bool has_ports = false;
    std::map<std::uint32_t, std::vector<std::byte>> pieces;  // by offset
    std::uint32_t length = 0;                                // of the payload; 0: the last piece is missing
    std::size_t bytes = 0;
    std::list<Id>::iterator age;
  };

  void forget(std::map<Id, Unfinished>::iterator it);
  bool assemble(const Unfinished& unfinished);

  std::map<Id, Unfinished> unfinished_;
  std::list<Id> oldest_first_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t incomplete_ = 0;
  std::vector<std::byte> whole_;
};

}  // namespace pcapml
