// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml::python {

/// Which parts of a ClientHello are meant. Lengths around them never are.
struct HelloParts {
  bool server_name = false;
  bool client_random = false;
  bool session_id = false;

  bool any() const { return server_name || client_random || session_id; }
};

/// A piece of a stream.
struct Span {
  std::size_t offset = 0, size = 0;
};

/// Where the parts lie, as far as the bytes go.
struct HelloFields {
  std::vector<Span> spans;  ///< from the first byte of the first record, or of the datagram
  bool complete = false;    ///< false: the message goes on after the end
};

/// Of a ClientHello whose first TLS record (RFC 8446, 5.1) begins with the first byte; it may span records.
/// nullopt where none does, or where the bytes cannot be the start of one.
std::optional<HelloFields> find_hello_fields(Bytes stream, HelloParts parts);

/// Of a DTLS ClientHello (RFC 9147, 5.2; RFC 6347, 4.2.1) that begins a datagram.
std::optional<HelloFields> find_datagram_hello_fields(Bytes datagram, HelloParts parts);

}  // namespace pcapml::python
