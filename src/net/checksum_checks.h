// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "net/packet_samples.h"

/// Slow and plain checks of raw IP packets for tests, independent of the code that they check.
namespace pcapml::checks {

using samples::be16, samples::be32;

inline unsigned u8(const std::string& s, std::size_t at) { return static_cast<unsigned char>(s.at(at)); }
inline unsigned u16(const std::string& s, std::size_t at) { return u8(s, at) << 8 | u8(s, at + 1); }
inline unsigned u32(const std::string& s, std::size_t at) { return u16(s, at) << 16 | u16(s, at + 2); }
inline void set16(std::string& s, std::size_t at, unsigned value) { s.replace(at, 2, be16(value)); }

/// Two bytes at a time, as RFC 1071 has it.
inline unsigned naive_sum(const std::string& bytes, unsigned sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += u8(bytes, i) << 8 | (i + 1 < bytes.size() ? u8(bytes, i + 1) : 0u);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

inline bool is_v4(const std::string& packet) { return u8(packet, 0) >> 4 == 4; }
/// Of packets without IPv6 extension headers.
inline std::size_t transport_of(const std::string& packet) {
  return is_v4(packet) ? (u8(packet, 0) & 15) * std::size_t{4} : 40;
}
inline unsigned protocol_of(const std::string& packet) { return u8(packet, is_v4(packet) ? 9 : 6); }
inline std::size_t checksum_of(const std::string& packet) {
  return transport_of(packet) + (protocol_of(packet) == 6 ? 16 : 6);
}
inline std::size_t payload_of(const std::string& packet) {
  const std::size_t transport = transport_of(packet);
  return transport + (protocol_of(packet) == 6 ? (u8(packet, transport + 12) >> 4) * std::size_t{4} : 8);
}
inline unsigned naive_pseudo(const std::string& packet, std::size_t length) {
  const std::string addresses = is_v4(packet) ? packet.substr(12, 8) : packet.substr(8, 32);
  return naive_sum(addresses + be32(protocol_of(packet)) + be32(static_cast<unsigned>(length)));
}
inline bool transport_verifies(const std::string& packet) {
  const std::string transport = packet.substr(transport_of(packet));
  return naive_sum(transport, naive_pseudo(packet, transport.size())) == 0xffff;
}
inline bool header_verifies(const std::string& packet) {
  return !is_v4(packet) || naive_sum(packet.substr(0, transport_of(packet))) == 0xffff;
}
inline bool lengths_are_right(const std::string& packet, std::size_t length) {
  const bool ip = is_v4(packet) ? u16(packet, 2) == length : u16(packet, 4) == length - 40;
  return ip && (protocol_of(packet) != 17 ||
                u16(packet, transport_of(packet) + 4) == length - transport_of(packet));
}

/// As Linux leaves it to a device.
inline std::string partial(std::string packet) {
  set16(packet, checksum_of(packet), naive_pseudo(packet, packet.size() - transport_of(packet)));
  return packet;
}

}  // namespace pcapml::checks
