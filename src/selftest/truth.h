// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pcapml/bytes.h"
#include "selftest/script.h"

namespace pcapml::selftest {

/// One end of a packet that a socket has to do with, so that it must be captured there.
struct Expected {
  std::string content;              ///< content_of() the packet
  char direction = 0;               ///< 'e' or 'i'
  std::vector<std::string> owners;  ///< any of them is right
};

/// The packet without its transport checksum, which the capture fills in where the witness sees half of one.
/// Empty where it is no IP packet.
std::string content_of(Bytes packet);

/// Knows for each packet of the loopback who sends and who receives it: by the word that its payload begins
/// with, and for TCP, which has packets without one, by the ends of its connection.
class Truth {
 public:
  void add(const std::vector<End>& ends);

  struct Packet {
    std::vector<Expected> ends;
    std::string kind;             ///< empty: no process of the selftest has to do with it
    unsigned without_socket = 0;  ///< ends that no full socket has to do with
    std::string content;
  };
  /// Call for each packet in order.
  Packet judge(Bytes packet);

 private:
  const std::string* owner(std::uint16_t local, std::uint16_t remote) const;

  std::map<std::pair<std::uint16_t, std::uint16_t>, std::string> owners_;
  std::set<std::pair<std::uint16_t, std::uint16_t>> reset_;  ///< connections, the smaller port first
};

}  // namespace pcapml::selftest
