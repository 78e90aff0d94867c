// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "net/dtls.h"
#include "net/hello_stream.h"
#include "net/quic.h"

namespace pcapml {

/// Looks for the ClientHello of one flow: over TCP in either direction, over UDP as QUIC or DTLS.
class HelloSearch {
 public:
  /// Whether a datagram may begin a search; cheap.
  static bool may_begin(Bytes datagram) {
    return looks_like_quic_initial(datagram) || looks_like_dtls_handshake(datagram);
  }

  /// The sequence number of the opener's SYN.
  void syn(std::uint32_t sequence) { direction(true).syn(sequence); }
  HelloState add_segment(bool from_opener, std::uint32_t sequence, Bytes payload);
  HelloState add_datagram(bool from_opener, Bytes datagram);
  /// No more packets.
  HelloState finish();

  const std::string& server_name() const { return server_name_; }  ///< as sent; empty: none
  bool has_ech() const { return has_ech_; }
  bool is_quic() const { return is_quic_; }
  /// Whether something looked like a part of a ClientHello.
  bool has_begun() const;
  std::size_t memory() const;

 private:
  HelloStream& direction(bool from_opener);
  template <class Parser>
  HelloState take(const Parser& parser, HelloState state);

  std::unique_ptr<HelloStream> tcp_[2];  // of the opener, of the other end
  std::unique_ptr<DtlsHello> dtls_[2];
  std::unique_ptr<QuicHello> quic_;
  std::string server_name_;
  bool has_ech_ = false;
  bool is_quic_ = false;
};

}  // namespace pcapml
