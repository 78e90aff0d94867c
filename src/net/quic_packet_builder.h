// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "net/client_hello_builder.h"
#include "net/quic_crypto.h"
#include "net/quic_version.h"

/// QUIC packets for tests: flight.initial(crypto_frame(0, data) + padding(900)).
namespace pcapml::samples {

inline std::string varint(std::uint64_t n) {
  if (n < 64) return be8(static_cast<unsigned>(n));
  if (n < 16384) return be16(static_cast<unsigned>(n) | 0x4000);
  return be32(static_cast<unsigned>(n) | 0x80000000);
}
inline std::string crypto_frame(std::size_t offset, const std::string& data, unsigned type = 6) {
  return be8(type) + varint(offset) + varint(data.size()) + data;
}
inline std::string padding(std::size_t n) { return zeros(n); }
inline std::string ping() { return be8(1); }
inline std::string ack() {
  return be8(2) + varint(9) + varint(100) + varint(1) + varint(2) + varint(3) + varint(0);
}

/// What one side sends in one state of a connection.
struct QuicFlight {
  std::uint32_t version = kQuicVersion1;
  std::string first_destination = "12345678";  ///< the keys come from it
  std::string destination = first_destination;
  std::string source = "cli";
  std::string token = {};
  QuicSide side = QuicSide::client;
  bool has_fixed_bit = true;

  unsigned first_byte(unsigned type) const {
    return 0x80u | (has_fixed_bit ? 0x40u : 0u) |
           ((type + (quic_versions(version)[0].has_v2_labels ? 1u : 0u)) % 4) << 4;
  }
  std::string start(unsigned type, unsigned low_bits) const {
    return be8(first_byte(type) | low_bits) + be32(version) + sized8(destination) + sized8(source);
  }
  std::string initial(const std::string& frames, unsigned number = 0) const {
    constexpr std::size_t kOverhead = 2 + 16;  // number, tag
    const auto keys = derive_initial_keys(quic_versions(version)[0], as_bytes(first_destination), side);
    const std::string padded = frames.size() < 4 ? frames + padding(4) : frames;
    const std::string header = start(0, 1) + varint(token.size()) + token + varint(padded.size() + kOverhead);
    return seal_initial(keys, header + be16(number), padded);
  }
  std::string zero_rtt(std::size_t size = 100) const {
    return start(1, 0) + varint(size) + std::string(size, 'z');
  }
  std::string handshake_packet() const { return start(2, 0) + varint(60) + std::string(60, 'h'); }
  std::string retry() const { return start(3, 0) + "a token" + std::string(16, 't'); }
};

}  // namespace pcapml::samples
