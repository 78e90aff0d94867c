// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pcapml/bytes.h"

namespace pcapml {

/// What is known of the ClientHello of a flow, or of one direction of it.
enum class HelloState : std::uint8_t {
  waiting,  ///< more packets may bring it
  found,    ///< the name is there, or it is known that the hello has none
  none,     ///< nothing will come any more
};

/// What a TLS or DTLS ClientHello tells about the destination. Borrows the message.
struct ClientHello {
  std::string_view server_name;  ///< as sent, unchecked; empty: none
  bool has_ech = false;          ///< Encrypted ClientHello, or its GREASE twin, which looks the same
  bool complete = false;         ///< false: the end is missing, server_name and has_ech may be too
};

/// Stream: TLS, and TLS in QUIC. Datagram: DTLS, whose hello has a cookie more (RFC 6347, 4.2.1).
enum class HelloKind : std::uint8_t { stream, datagram };

/// Parses a ClientHello's body: what follows the handshake header, as much of it as there is.
///
/// `length` is the body's length as the handshake header says. nullopt where it is no ClientHello. A name
/// that stands whole before damage or a cut counts. Thread-safe.
std::optional<ClientHello> parse_client_hello(Bytes body, std::size_t length,
                                              HelloKind kind = HelloKind::stream);

}  // namespace pcapml
