// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>

#include <cstring>
#include <string>
#include <vector>

#include "bpf/events.h"

namespace pcapml {

/// For tests: an ingress TCP packet of a connected socket without an owner, and what may be said of it.
struct PacketEvent {
  pcapml_packet packet{};
  std::vector<std::byte> bytes;

  explicit PacketEvent(std::uint64_t cookie) {
    packet.kind = PCAPML_PACKET;
    packet.cookie = cookie;
    packet.direction = PCAPML_INGRESS;
    packet.protocol = 6;
    packet.socket_flags = PCAPML_SOCKET_CONNECTED;
    packet.local = end("192.0.2.1", 80);
    packet.remote = end("198.51.100.7", 40000);
    build(0x10, 1);
  }

  PacketEvent& owner(const char* name, std::uint32_t pid, std::uint64_t made_for = 0) {
    packet.owner.pid = packet.owner.tid = pid;
    packet.owner.start_ns = std::uint64_t{pid} * 1'000'000'000;
    packet.owner.cookie = made_for != 0 ? made_for : packet.cookie;
    std::strncpy(packet.owner.name, name, sizeof packet.owner.name - 1);
    return *this;
  }
  PacketEvent& confirmed() {
    packet.owner.confirmed_cookie = packet.cookie;
    return *this;
  }
  PacketEvent& listens() {
    packet.socket_flags = PCAPML_SOCKET_LISTENS;
    packet.remote = {};
    return *this;
  }
  PacketEvent& syn(std::uint32_t sequence) {
    build(0x02, sequence);
    return *this;
  }
  /// A SYN-ACK to the SYN of this number, where it is TCP.
  PacketEvent& egress(std::uint32_t syn = 100) {
    packet.direction = PCAPML_EGRESS;
    build(0x12, 1);
    if (packet.protocol == 6) bytes[31] = static_cast<std::byte>(syn + 1);
    return *this;
  }
  PacketEvent& udp() {
    packet.protocol = 17;
    build(0, 0);
    return *this;
  }
  PacketEvent& unconnected() {
    packet.socket_flags = 0;
    packet.remote = {};
    return *this;
  }
  PacketEvent& sent_to(const char* address, std::uint16_t port) {
    packet.owner.remote = end(address, port);
    packet.owner.remote_tid = packet.owner.tid;
    packet.socket_flags |= PCAPML_SOCKET_SENT_BY_CURRENT;
    return *this;
  }
  PacketEvent& at(std::int64_t time_ns) {
    packet.time_ns = static_cast<std::uint64_t>(time_ns);
    return *this;
  }
  PacketEvent& payload(const std::string& text) {
    payload_ = text;
    build(0x18, 1);
    return *this;
  }

  static pcapml_endpoint end(const char* address, std::uint16_t port) {
    pcapml_endpoint end{};
    end.family = AF_INET;
    inet_pton(AF_INET, address, end.address);
    end.port = htons(port);
    return end;
  }

 private:
  void build(std::uint8_t tcp_flags, std::uint32_t sequence) {
    const bool is_egress = packet.direction == PCAPML_EGRESS;
    const bool is_tcp = packet.protocol == 6;
    const std::size_t transport = is_tcp ? 20 : 8;
    bytes.assign(20 + transport + payload_.size(), std::byte{0});
    const auto put16 = [&](std::size_t at, std::size_t value) {
      bytes[at] = static_cast<std::byte>(value >> 8);
      bytes[at + 1] = static_cast<std::byte>(value);
    };
    bytes[0] = std::byte{0x45};
    put16(2, bytes.size());
    bytes[8] = std::byte{64};
    bytes[9] = static_cast<std::byte>(packet.protocol);
    const pcapml_endpoint local = end("192.0.2.1", 80), remote = end("198.51.100.7", 40000);
    const pcapml_endpoint& source = is_egress ? local : remote;
    const pcapml_endpoint& destination = is_egress ? remote : local;
    std::memcpy(&bytes[12], source.address, 4);
    std::memcpy(&bytes[16], destination.address, 4);
    std::memcpy(&bytes[20], &source.port, 2);
    std::memcpy(&bytes[22], &destination.port, 2);
    if (is_tcp) {
      put16(24, sequence >> 16);
      put16(26, sequence & 0xffff);
      bytes[32] = std::byte{0x50};
      bytes[33] = static_cast<std::byte>(tcp_flags);
    } else {
      put16(24, transport + payload_.size());
    }
    std::memcpy(bytes.data() + 20 + transport, payload_.data(), payload_.size());
    packet.length = packet.captured = static_cast<std::uint32_t>(bytes.size());
  }

  std::string payload_;
};

/// For tests: a process was seen to use a socket.
inline pcapml_owner_event owner_event(std::uint64_t cookie, const char* name, std::uint32_t pid,
                                      std::uint64_t made_for = 0) {
  const PacketEvent like = PacketEvent(cookie).owner(name, pid, made_for).confirmed();
  pcapml_owner_event event{};
  event.kind = PCAPML_OWNER;
  event.cookie = cookie;
  event.owner = like.packet.owner;
  event.remote = like.packet.remote;
  return event;
}

/// For tests: a process read from a socket that it did not make.
inline pcapml_owner_event reader_event(std::uint64_t cookie, const char* name, std::uint32_t pid,
                                       std::uint64_t made_for) {
  pcapml_owner_event event = owner_event(cookie, name, pid, made_for);
  event.owner.confirmed_cookie = 0;
  event.owner.via = PCAPML_VIA_RECEIVE;
  return event;
}

}  // namespace pcapml
