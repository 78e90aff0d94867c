// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "net/client_hello.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// What a look through a piece of a byte stream yields.
struct HelloScan {
  HelloState state = HelloState::none;  ///< waiting: a hello begins, or may begin, and goes on after the end
  bool has_ech = false;
  std::string server_name;    ///< also while waiting, if the extension is whole
  std::size_t keep_from = 0;  ///< everything before can be forgotten; the piece's size where nothing began
  std::size_t needed = 0;     ///< while waiting: bytes, from where a hello began, that one takes at least
};

/// Looks for a TLS ClientHello that begins anywhere in `piece` and may span records (RFC 8446, 5.1).
HelloScan scan_for_hello(Bytes piece);

/// True where the piece begins with a TLS ServerHello: its sender sends no ClientHello.
bool is_server_hello(Bytes piece);

}  // namespace pcapml
