// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "net/client_hello.h"
#include "net/sparse_bytes.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// True where a datagram begins with a DTLS handshake record that nothing encrypts. Cheap.
bool looks_like_dtls_handshake(Bytes datagram);

/// Finds the ClientHello in one direction of a UDP flow that speaks DTLS 1.0, 1.2 or 1.3, or other things too
/// (STUN). Takes payloads in capture order. Not thread-safe; never throws on hostile input.
class DtlsHello {
 public:
  static constexpr std::size_t kLongestHello = 16 * 1024;
  static constexpr int kMostRecords = 64;  ///< handshake records without a whole hello, until it gives up

  HelloState add(Bytes datagram);
  /// There are no more datagrams: a hello that lacks its end, but not its name, is found after all.
  HelloState finish();

  HelloState state() const { return state_; }
  const std::string& server_name() const { return server_name_; }  ///< as sent, unchecked; empty: none
  bool has_ech() const { return has_ech_; }
  std::size_t memory() const { return server_name_.capacity() + body_.memory(); }

 private:
  void add_messages(Bytes record);
  HelloState accept(const ClientHello& hello);

  SparseBytes body_{kLongestHello};
  std::size_t length_ = 0;      ///< of the body, when it is whole
  std::uint16_t sequence_ = 0;  ///< of the message: a hello that answers a cookie request has another
  bool has_part_ = false;
  std::string server_name_;
  int records_ = 0;
  HelloState state_ = HelloState::waiting;
  bool has_ech_ = false;
};

}  // namespace pcapml
