// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/client_hello.h"
#include "net/quic_crypto.h"
#include "net/sparse_bytes.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// True where a datagram can be worth giving to a QuicHello: a long header of a version that is known here,
/// or a Google QUIC packet that tells its version. Cheap, and seldom true of other traffic.
bool looks_like_quic_initial(Bytes datagram);

/// Finds the ClientHello in the Initial packets of one UDP flow, on any port.
///
/// Takes the payloads of both directions in capture order. Knows versions 1 and 2, the drafts from 22 on,
/// mvfst, and Google's Q0xx, T050 and T051. Does at most kMostDecryptions decryptions and holds at most
/// kMostStreams hellos in parts. Not thread-safe; never throws on hostile input.
class QuicHello {
 public:
  static constexpr int kMostDecryptions = 24;
  static constexpr std::size_t kMostStreams = 3;
  static constexpr std::size_t kLongestHello = 32 * 1024;

  /// `from_opener` need not be right, but differ between the directions where they are known apart.
  HelloState add(Bytes datagram, bool from_opener);
  /// There are no more datagrams: a hello that lacks its end, but not its name, is found after all.
  HelloState finish();

  HelloState state() const { return state_; }
  const std::string& server_name() const { return server_name_; }  ///< as sent, unchecked; empty: none
  bool has_ech() const { return has_ech_; }
  std::size_t memory() const;  ///< bytes held

 private:
  struct Initial;

  /// What was sent under one set of keys: a Retry or another version begins it anew (RFC 9001, 5.2).
  struct Stream {
    std::uint32_t version = 0;
    std::string connection_id;  ///< of the client's first Initial
    QuicInitialKeys keys;
    bool is_google = false;
    SparseBytes bytes{kLongestHello};
  };

  HelloState add_long_header(Bytes datagram, bool from_opener);
  HelloState add_initial(const Initial& initial, bool from_opener);
  bool open(Stream& stream, const Initial& initial);
  bool open_as_first(const Initial& initial);
  void read_frames(Stream& stream, Bytes payload) const;
  HelloState look();
  HelloState accept(const ClientHello& hello);
  HelloState conclude(HelloState state);

  std::vector<Stream> streams_;       ///< that which was used last comes last
  std::string client_connection_id_;  ///< the server's Initials go to it
  std::string server_name_;
  int decryptions_ = 0;
  std::optional<bool> client_is_opener_;
  HelloState state_ = HelloState::waiting;
  bool has_ech_ = false;
};

}  // namespace pcapml
