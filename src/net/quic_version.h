// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pcapml {

using QuicSalt = std::array<std::uint8_t, 20>;

/// What sets a version of QUIC with encrypted Initials apart from the others.
struct QuicVersion {
  const QuicSalt* salt = nullptr;
  std::uint8_t initial_type = 0, retry_type = 3;  ///< of long headers; RFC 9000, 17.2; RFC 9369, 3.2
  bool has_v2_labels = false;                     ///< RFC 9369, 3.3.2
  bool is_google = false;                         ///< Q050 and T050: CRYPTO frames may have Google's number
};

/// What the version number may mean; more than one thing for the reserved numbers that force a negotiation
/// (RFC 9000, 15), none where it is no version known here. Lives forever.
std::span<const QuicVersion> quic_versions(std::uint32_t number);

/// Q001 to Q049: Google QUIC with cleartext hellos.
bool is_cleartext_google_quic(std::uint32_t number);

inline constexpr std::uint32_t kQuicVersion1 = 1, kQuicVersion2 = 0x6b3343cf;

}  // namespace pcapml
