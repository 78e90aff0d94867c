// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hello_fields.h"
#include "pcapml/headers.h"

namespace pcapml::python {

/// Finds parts of ClientHellos in the packets of many flows: in TLS over TCP also where a hello spans
/// segments that come late or twice, in DTLS in the first fragment. Packets must outlive it. QUIC's are
/// encrypted.
class HelloMask {
 public:
  /// `found(row, offset, size)` is called for each piece, with its place in that packet's payload; some
  /// twice.
  using Found = std::function<void(std::size_t row, std::size_t offset, std::size_t size)>;

  HelloMask(HelloParts parts, Found found) : parts_(parts), found_(std::move(found)) {}

  /// `headers` are those of the packet.
  void add(const Headers& headers, Bytes packet, std::size_t row);

 private:
  struct Segment {
    std::uint32_t sequence = 0;
    Bytes payload;
    std::size_t row = 0;
  };

  /// One direction of a connection.
  struct Direction {
    std::string hello;           // the stream from the hello's first record on, without gaps
    std::uint32_t start = 0;     // its sequence number
    bool has_begun = false;      // then a hello is in `hello`
    HelloFields fields;          // of `hello`
    std::vector<Segment> parts;  // that `hello` is made of, while it is not complete
    std::deque<Segment> others;  // seen of late, which may turn out to be parts
  };

  void add_segment(Direction& direction, const Segment& segment);
  bool join(Direction& direction, const Segment& segment);
  bool extend(Direction& direction, const Segment& segment);
  void join_others(Direction& direction);
  bool begin(Direction& direction, const Segment& segment);
  void report(const Direction& direction, const Segment& segment) const;

  HelloParts parts_;
  Found found_;
  std::unordered_map<FlowKey, Direction, FlowKeyHash> directions_;
};

}  // namespace pcapml::python
