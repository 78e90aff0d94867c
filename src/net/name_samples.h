// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "net/dns_samples.h"
#include "net/flow_finder.h"
#include "net/tcp_flags.h"
#include "pcapml/name_resolver.h"

/// Conversations for tests of the resolver.
namespace pcapml::samples {

constexpr unsigned kClient = 0x0a000001, kOther = 0x0a000002, kServer = 0xc0000201, kDns = 0x08080808;

/// Both ends of a flow, in the direction of one packet.
struct Ends {
  unsigned source = kClient, destination = kServer;
  unsigned source_port = 50000, destination_port = 443;

  Ends reversed() const { return {destination, source, destination_port, source_port}; }
};
/// From the DNS server to a client.
inline Ends from_dns(unsigned client = kClient, unsigned port = 53) { return {kDns, client, port, 40000}; }

inline std::string udp_payload(unsigned source_port, unsigned destination_port, const std::string& payload) {
  return be16(source_port) + be16(destination_port) + be16(8 + static_cast<unsigned>(payload.size())) +
         be16(0) + payload;
}
inline std::string udp_packet(const Ends& ends, const std::string& payload) {
  return ipv4({.protocol = 17, .source = ends.source, .destination = ends.destination},
              udp_payload(ends.source_port, ends.destination_port, payload));
}
inline std::string tcp_segment(unsigned source_port, unsigned destination_port, unsigned sequence,
                               unsigned flags, const std::string& payload) {
  return be16(source_port) + be16(destination_port) + be32(sequence) + be32(0) + be8(0x50) + be8(flags) +
         be16(512) + be16(0) + be16(0) + payload;
}
inline std::string tcp_packet(const Ends& ends, unsigned sequence, unsigned flags,
                              const std::string& payload = {}) {
  return ipv4({.source = ends.source, .destination = ends.destination},
              tcp_segment(ends.source_port, ends.destination_port, sequence, flags, payload));
}
inline std::string ipv6_packet(const std::string& source, const std::string& destination, unsigned next,
                               const std::string& payload) {
  return be32(0x60000000) + be16(static_cast<unsigned>(payload.size())) + be8(next) + be8(64) + source +
         destination + payload;
}

/// The frame from one Ethernet address to another; their last bytes tell them apart.
inline std::string framed(unsigned source, unsigned destination, const std::string& packet) {
  const auto mac = [](unsigned n) { return be8(2) + zeros(4) + be8(n); };
  return mac(destination) + mac(source) + be16((packet[0] & 0x60) == 0x60 ? 0x86dd : 0x0800) + packet;
}

/// Gives packets to a resolver and asks it for names.
class Wire {
 public:
  explicit Wire(const ResolverLimits& limits = {}, const FlowOptions& flows = {})
      : finder_(flows), resolver_(limits) {}

  /// The number of the packet's flow.
  std::uint32_t frame(std::uint16_t link_type, const std::string& bytes) {
    time_ns_ += 1'000'000;
    const auto found = finder_.find(link_type, as_bytes(bytes), time_ns_, true);
    if (!found) return 0xffffffff;
    resolver_.add(*found, link_type, as_bytes(bytes));
    return found->flow.flow;
  }
  std::uint32_t operator()(const std::string& ip) { return frame(kLinkRaw, ip); }
  std::uint32_t ethernet(unsigned source, unsigned destination, const std::string& ip) {
    return frame(kLinkEthernet, framed(source, destination, ip));
  }
  std::uint32_t udp(const Ends& ends, const std::string& payload) {
    return (*this)(udp_packet(ends, payload));
  }
  std::uint32_t tcp(const Ends& ends, unsigned sequence, const std::string& payload) {
    return (*this)(tcp_packet(ends, sequence, kTcpAck, payload));
  }
  std::uint32_t syn(const Ends& ends, unsigned sequence = 999) {
    return (*this)(tcp_packet(ends, sequence, kTcpSyn));
  }
  void answer(std::string_view question, unsigned address, const Ends& ends = from_dns()) {
    udp(ends, dns_message(question, {dns_a(question, address)}));
  }
  void pass(std::int64_t seconds) { time_ns_ += seconds * 1'000'000'000; }
  void finish() { resolver_.finish(); }

  /// "name source", or "".
  std::string name(std::uint32_t flow) const {
    const NameResolver::Name name = resolver_.name(flow);
    return name.text.empty() ? "" : std::string(name.text) + " " + std::string(name_of(name.source));
  }
  ResolverCounters counters() const { return resolver_.counters(); }

 private:
  FlowFinder finder_;
  NameResolver resolver_;
  std::int64_t time_ns_ = 0;
};

}  // namespace pcapml::samples
