// SPDX-License-Identifier: Apache-2.0
#include "net/hello_search.h"

namespace pcapml {

template <class Parser>
HelloState HelloSearch::take(const Parser& parser, HelloState state) {
  if (state != HelloState::found) return state;
  server_name_ = parser.server_name();
  has_ech_ = parser.has_ech();
  return state;
}

HelloStream& HelloSearch::direction(bool from_opener) {
  auto& stream = tcp_[from_opener ? 0 : 1];
  if (!stream) stream = std::make_unique<HelloStream>();
  return *stream;
}

HelloState HelloSearch::add_segment(bool from_opener, std::uint32_t sequence, Bytes payload) {
  HelloStream& stream = direction(from_opener);
  if (stream.state() != HelloState::waiting) return HelloState::waiting;
  const HelloState state = take(stream, stream.add(sequence, payload));
  if (state != HelloState::none) return state;
  // The other end may still be the client, unless it has nothing to say either.
  const auto& other = tcp_[from_opener ? 1 : 0];
  return other && other->state() == HelloState::none ? HelloState::none : HelloState::waiting;
}

HelloState HelloSearch::add_datagram(bool from_opener, Bytes datagram) {
  if (quic_ || looks_like_quic_initial(datagram)) {
    if (!quic_) quic_ = std::make_unique<QuicHello>();
    is_quic_ = true;
    return take(*quic_, quic_->add(datagram, from_opener));
  }
  auto& dtls = dtls_[from_opener ? 0 : 1];
  if (!dtls) dtls = std::make_unique<DtlsHello>();
  return take(*dtls, dtls->add(datagram));
}

HelloState HelloSearch::finish() {
  for (auto& stream : tcp_)
    if (stream && take(*stream, stream->finish()) == HelloState::found) return HelloState::found;
  for (auto& dtls : dtls_)
    if (dtls && take(*dtls, dtls->finish()) == HelloState::found) return HelloState::found;
  if (quic_ && take(*quic_, quic_->finish()) == HelloState::found) return HelloState::found;
  return HelloState::none;
}

bool HelloSearch::has_begun() const {
  const auto begun = [](const auto& stream) { return stream && stream->has_begun(); };
  return quic_ || dtls_[0] || dtls_[1] || begun(tcp_[0]) || begun(tcp_[1]);
}

std::size_t HelloSearch::memory() const {
  constexpr std::size_t kNode = 64;  // of the map that holds it, about
  std::size_t bytes = sizeof *this + kNode + server_name_.capacity();
  for (const auto& stream : tcp_) bytes += stream ? sizeof *stream + stream->memory() : 0;
  for (const auto& dtls : dtls_) bytes += dtls ? sizeof *dtls + dtls->memory() : 0;
  return bytes + (quic_ ? sizeof *quic_ + quic_->memory() : 0);
}

}  // namespace pcapml
