// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "net/client_hello.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// Parses Google QUIC's own hello (Q0xx), a map of tags: "CHLO", and what follows, as much as there is.
/// nullopt where it is no such hello. Borrows the message.
std::optional<ClientHello> parse_google_hello(Bytes message);

/// Finds such a hello in a packet without encryption; `packet` begins after the version.
std::optional<ClientHello> find_google_hello(Bytes packet);

}  // namespace pcapml
