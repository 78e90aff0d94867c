// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "bpf/events.h"
#include "net/packet_content.h"

namespace pcapml {

/// Tells copies of one packet that the kernel gave to several sockets of the same process (multicast, raw
/// sockets). A packet comes to each socket once: the same bytes for the socket that had them first are
/// another packet.
class PacketCopies {
 public:
  bool is_copy(const pcapml_packet& packet, const std::optional<Headers>& headers, Bytes bytes);

 private:
  static constexpr std::size_t kRecent = 64;

  struct Seen {
    std::uint32_t pid = 0;
    std::uint64_t first_cookie = 0;
    std::uint64_t time_ns = 0;
    ContentHash hash;
  };
  std::array<Seen, kRecent> recent_{};
  std::size_t next_ = 0;
};

}  // namespace pcapml
