// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "net/quic_version.h"
#include "pcapml/bytes.h"

namespace pcapml {

enum class QuicSide : std::uint8_t { client, server };

/// What protects one side's Initial packets (RFC 9001, 5.2). Initials are authenticated, not secret: anyone
/// who sees the connection id of the client's first one has these keys.
struct QuicInitialKeys {
  std::array<std::uint8_t, 16> key{};
  std::array<std::uint8_t, 12> iv{};
  std::array<std::uint8_t, 16> header_key{};
};

/// `connection_id` is the destination of the client's first Initial. Throws std::runtime_error where
/// libcrypto lacks AES-128-GCM or SHA-256. Thread-safe, as the others here.
QuicInitialKeys derive_initial_keys(const QuicVersion& version, Bytes connection_id, QuicSide side);

/// Removes header and packet protection (RFC 9001, 5.3, 5.4).
///
/// `packet` is one Initial from its first byte to its last, its packet number at `number_offset`. The
/// payload is borrowed until the thread's next call; nullopt where the keys are not those of the packet.
std::optional<Bytes> open_initial(const QuicInitialKeys& keys, Bytes packet, std::size_t number_offset);

/// The opposite, for the making of test packets: `header` ends with the packet number, whose length its first
/// byte tells.
std::string seal_initial(const QuicInitialKeys& keys, std::string header, const std::string& payload);

}  // namespace pcapml
