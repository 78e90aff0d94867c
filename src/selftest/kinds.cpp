// SPDX-License-Identifier: Apache-2.0
#include "selftest/kinds.h"

#include <cerrno>
#include <cstring>

#include "pcapml/error.h"
#include "selftest/words.h"

namespace pcapml::selftest {

const std::vector<Kind>& all_kinds() {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> all;
    for (const auto& group : {stream_kinds(), datagram_kinds(), handover_kinds(), volume_kinds()})
      all.insert(all.end(), group.begin(), group.end());
    return all;
  }();
  return kinds;
}

std::string no_ipv6() {
  const FileDescriptor socket{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const Endpoint address = loopback6(0);
  if (socket && ::bind(socket.get(), address.get(), address.size) == 0) return {};
  return std::string("no IPv6: ") + std::strerror(errno);
}

void ask(const FileDescriptor& socket, const std::string& self, const std::string& other,
         const Endpoint* peer) {
  for (unsigned i = 0; i < kRounds; ++i) {
    send_bytes(socket, word(self, other, i), peer);
    receive_bytes(socket);
  }
}

void answer(const FileDescriptor& socket, const std::string& self, unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    Endpoint peer;
    const auto heard = parse_word(receive_bytes(socket, &peer));
    if (!heard) throw DataError("received what no process of the selftest says");
    send_bytes(socket, word(self, heard->sender, i), &peer);
  }
}

}  // namespace pcapml::selftest
