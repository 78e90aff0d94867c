// SPDX-License-Identifier: Apache-2.0
// UDP, ping sockets and raw sockets.
#include <linux/icmp.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "pcapml/error.h"
#include "selftest/kinds.h"
#include "selftest/words.h"

namespace pcapml::selftest {
namespace {

void client_and_server(Script& script, const Endpoint& at, bool connected) {
  const std::string server = script.name("srv"), client = script.name("cli");
  const Signal& bound = script.signal();
  script.role(server, [=, &bound] {
    const FileDescriptor socket = bound_socket(at, SOCK_DGRAM);
    bound.give();
    if (!connected) return answer(socket, server);
    Endpoint peer;
    receive_bytes(socket, &peer);
    connect_to(socket, peer);
    send_bytes(socket, word(server, client, 0));
    for (unsigned i = 1; i < kRounds; ++i) {
      receive_bytes(socket);
      send_bytes(socket, word(server, client, i));
    }
  });
  script.role(client, [=, &bound] {
    bound.wait();
    const FileDescriptor socket = open_socket(at.family(), SOCK_DGRAM);
    if (connected) connect_to(socket, at);
    ask(socket, client, server, connected ? nullptr : &at);
  });
}

void write_udp(Script& script) { client_and_server(script, loopback4(script.port(0)), false); }
void write_udpconn(Script& script) { client_and_server(script, loopback4(script.port(0)), true); }
void write_udp6(Script& script) { client_and_server(script, loopback6(script.port(0)), false); }

void write_udpold(Script& script) {
  const std::string server = script.name("srv"), client = script.name("cli");
  const Signal& bound = script.signal();
  script.role(server, [=, &script, &bound] {
    const FileDescriptor socket = bound_socket(loopback4(script.port(0)), SOCK_DGRAM);
    bound.give();
    script.await_capture();
    answer(socket, server);
  });
  script.role(client, [=, &script, &bound] {
    bound.wait();
    const FileDescriptor socket = open_socket(AF_INET, SOCK_DGRAM);
    connect_to(socket, loopback4(script.port(0)));
    script.await_capture();
    ask(socket, client, server);
  });
}

/// Echo requests, which the kernel answers; only the requests' way out and the replies' way in meet a socket.
void echo(const FileDescriptor& socket, const std::string& self, const Endpoint& to) {
  for (unsigned i = 0; i < kRounds; ++i) {
    icmphdr header{};  // ICMPv6 has the same eight bytes
    header.type = to.family() == AF_INET6 ? 128 : ICMP_ECHO;
    header.un.echo.id = htons(0x5e1f);  // a ping socket puts its own there
    header.un.echo.sequence = htons(static_cast<std::uint16_t>(i));
    std::string packet(sizeof header, '\0');
    packet += word(self, self, i);
    // Raw sockets leave ICMP's checksum to the sender, and the kernel answers only to a right one.
    std::uint32_t sum = 0;
    std::memcpy(packet.data(), &header, sizeof header);
    for (std::size_t at = 0; at < packet.size(); ++at)
      sum += static_cast<std::uint32_t>(static_cast<unsigned char>(packet[at])) << (at % 2 == 0 ? 8 : 0);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    header.checksum = htons(static_cast<std::uint16_t>(~sum));
    std::memcpy(packet.data(), &header, sizeof header);
    send_bytes(socket, packet, &to);
    receive_bytes(socket);
  }
}

void write_ping(Script& script, int family, int protocol, const Endpoint& to) {
  const std::string self = script.name("cli");
  script.role(self, [=] { echo(open_socket(family, SOCK_DGRAM, protocol), self, to); });
}

void write_ping4(Script& script) { write_ping(script, AF_INET, IPPROTO_ICMP, loopback4(0)); }
void write_ping6(Script& script) { write_ping(script, AF_INET6, IPPROTO_ICMPV6, loopback6(0)); }

void write_rawicmp(Script& script) {
  const std::string self = script.name("cli");
  script.role(self, [=] {
    const FileDescriptor socket = open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    const icmp_filter replies_only{~(1u << ICMP_ECHOREPLY)};
    if (::setsockopt(socket.get(), SOL_RAW, ICMP_FILTER, &replies_only, sizeof replies_only) != 0)
      throw_errno("raw socket", "filter a");
    echo(socket, self, loopback4(0));
  });
}

constexpr int kProtocolForTests = 253;  // RFC 3692

void write_rawip(Script& script) {
  const std::string server = script.name("srv"), client = script.name("cli");
  const Signal& bound = script.signal();
  // A raw socket receives all of its protocol for its address, so each end has an address of its own.
  script.role(server, [=, &bound] {
    const FileDescriptor socket = bound_socket(loopback4(0, 3), SOCK_RAW, kProtocolForTests);
    bound.give();
    const Endpoint peer = loopback4(0, 2);
    for (unsigned i = 0; i < kRounds; ++i) {
      receive_bytes(socket);
      send_bytes(socket, word(server, client, i), &peer);
    }
  });
  script.role(client, [=, &bound] {
    bound.wait();
    const Endpoint peer = loopback4(0, 3);
    ask(bound_socket(loopback4(0, 2), SOCK_RAW, kProtocolForTests), client, server, &peer);
  });
}

std::string no_ping(int family, int protocol) {
  const FileDescriptor socket{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol)};
  return socket ? "" : std::string("no ping sockets: ") + std::strerror(errno);
}

std::string no_ping4() { return no_ping(AF_INET, IPPROTO_ICMP); }
std::string no_ping6() {
  const std::string reason = no_ipv6();
  return reason.empty() ? no_ping(AF_INET6, IPPROTO_ICMPV6) : reason;
}

}  // namespace

std::vector<Kind> datagram_kinds() {
  return {
      {"udp", "UDP, unconnected", false, write_udp},
      {"udpconn", "UDP, connected", false, write_udpconn},
      {"udp6", "UDP over IPv6", false, write_udp6, no_ipv6},
      {"udpold", "UDP, sockets from before the capture", true, write_udpold},
      {"ping4", "ICMP, ping socket", false, write_ping4, no_ping4},
      {"ping6", "ICMPv6, ping socket", false, write_ping6, no_ping6},
      {"rawicmp", "ICMP, raw socket", false, write_rawicmp},
      {"rawip", "IP protocol 253, raw sockets", false, write_rawip},
  };
}

}  // namespace pcapml::selftest
