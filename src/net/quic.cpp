// SPDX-License-Identifier: Apache-2.0
#include "net/quic.h"

#include <algorithm>
#include <utility>

#include "net/google_hello.h"
#include "net/quic_version.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::uint8_t kLongHeader = 0x80;
constexpr std::size_t kLongestConnectionId = 20;  // RFC 9000, 17.2
constexpr std::uint8_t kClientHello = 1;

// RFC 9000, 16
std::uint64_t read_varint(Cursor& at) {
  std::uint64_t value = at.u8();
  const int more = (1 << (value >> 6)) - 1;
  value &= 0x3f;
  for (int i = 0; i < more; ++i) value = value << 8 | at.u8();
  return value;
}

Bytes take_varint(Cursor& at) {
  const std::uint64_t size = read_varint(at);
  return at.take(static_cast<std::size_t>(std::min<std::uint64_t>(size, SIZE_MAX)));
}

/// A packet of Google QUIC before Q050 that tells its version, from after the version on.
std::optional<Bytes> after_google_version(Bytes datagram) {
  constexpr std::uint8_t kHasVersion = 0x01, kIsReset = 0x02, kHasConnectionId = 0x08;
  Cursor at(datagram);
  const auto flags = at.u8();
  if ((flags & kLongHeader) == 0) {
    if ((flags & kHasVersion) == 0 || (flags & kIsReset) != 0) return std::nullopt;
    if ((flags & kHasConnectionId) != 0) at.skip(8);
  }
  const auto version = at.be32();
  if (!at.ok() || !is_cleartext_google_quic(version)) return std::nullopt;
  return at.rest();
}

// RFC 9000, 19.3
void skip_ack(Cursor& at, bool has_ecn) {
  read_varint(at);
  read_varint(at);
  const std::uint64_t ranges = read_varint(at);
  read_varint(at);
  for (std::uint64_t i = 0; i < ranges && at.ok(); ++i) {
    read_varint(at);
    read_varint(at);
  }
  for (int i = 0; has_ecn && i < 3; ++i) read_varint(at);
}

std::optional<ClientHello> parse_hello(Bytes message, bool is_google) {
  if (is_google)
    if (auto hello = parse_google_hello(message)) return hello;
  Cursor at(message);
  const auto type = at.u8();
  const std::size_t high = at.u8();
  const std::size_t length = (high << 16) + at.be16();
  if (!at.ok() || type != kClientHello) return std::nullopt;
  return parse_client_hello(at.rest(), length);
}

}  // namespace

/// One Initial as its header shows it. Borrows the datagram.
struct QuicHello::Initial {
  std::uint32_t version = 0;
  Bytes packet;
  std::size_t number_offset = 0;
  std::string_view destination, source;
};

bool looks_like_quic_initial(Bytes datagram) {
  Cursor at(datagram);
  const auto first = at.u8();
  const auto version = at.be32();
  const auto id_length = at.u8();
  if (at.ok() && (first & kLongHeader) != 0 && id_length <= kLongestConnectionId &&
      !quic_versions(version).empty())
    return true;
  return after_google_version(datagram).has_value();
}

HelloState QuicHello::add(Bytes datagram, bool from_opener) {
  if (state_ != HelloState::waiting) return state_;
  if (const auto packet = after_google_version(datagram)) {
    const auto hello = find_google_hello(*packet);
    return hello && (hello->complete || !hello->server_name.empty()) ? accept(*hello) : state_;
  }
  return add_long_header(datagram, from_opener);
}

/// Walks the packets that share the datagram (RFC 9000, 12.2). The fixed bit may be greased (RFC 9287).
HelloState QuicHello::add_long_header(Bytes datagram, bool from_opener) {
  Cursor at(datagram);
  while (!at.empty() && state_ == HelloState::waiting) {
    const std::size_t begin = at.position();
    Initial initial;
    const auto first = at.u8();
    initial.version = at.be32();
    const auto versions = quic_versions(initial.version);
    if ((first & kLongHeader) == 0 || versions.empty()) break;
    const std::size_t destination_length = at.u8();
    initial.destination = as_text(at.take(destination_length));
    const std::size_t source_length = at.u8();
    initial.source = as_text(at.take(source_length));
    if (std::max(destination_length, source_length) > kLongestConnectionId) break;
    const std::uint8_t type = (first >> 4) & 3;
    if (type == versions[0].retry_type) break;              // has no length: it is the last
    if (type == versions[0].initial_type) take_varint(at);  // token
    const std::uint64_t length = read_varint(at);
    initial.number_offset = at.position() - begin;
    at.skip(static_cast<std::size_t>(length));
    if (!at.ok()) break;
    initial.packet = at.consumed().subspan(begin);
    if (type == versions[0].initial_type) add_initial(initial, from_opener);
  }
  return state_;
}

HelloState QuicHello::add_initial(const Initial& initial, bool from_opener) {
  if (client_is_opener_ && *client_is_opener_ != from_opener) return state_;
  if (!client_connection_id_.empty() && initial.destination == client_connection_id_) return state_;

  // Later Initials go to a connection id that the server chose, under the keys of the first one.
  bool is_first_of_stream = true, is_open = false;
  for (int pass = 0; pass < 2 && !is_open; ++pass) {
    for (auto stream = streams_.rbegin(); stream != streams_.rend() && !is_open; ++stream) {
      if (stream->version != initial.version || (stream->connection_id == initial.destination) != (pass == 0))
        continue;
      if (pass == 0) is_first_of_stream = false;
      if (!open(*stream, initial)) continue;
      std::rotate(stream.base() - 1, stream.base(), streams_.end());
      is_open = true;
    }
  }
  if (!is_open && is_first_of_stream) is_open = open_as_first(initial);
  if (is_open) {
    client_is_opener_ = from_opener;
    client_connection_id_ = initial.source;
    look();
  }
  if (state_ == HelloState::waiting && decryptions_ >= kMostDecryptions) return finish();
  return state_;
}

bool QuicHello::open_as_first(const Initial& initial) {
  for (const QuicVersion& version : quic_versions(initial.version)) {
    Stream stream;
    stream.version = initial.version;
    stream.connection_id = initial.destination;
    stream.is_google = version.is_google;
    stream.keys = derive_initial_keys(version, as_bytes(initial.destination), QuicSide::client);
    if (!open(stream, initial)) continue;
    if (streams_.size() >= kMostStreams) streams_.erase(streams_.begin());
    streams_.push_back(std::move(stream));
    return true;
  }
  return false;
}

bool QuicHello::open(Stream& stream, const Initial& initial) {
  if (decryptions_ >= kMostDecryptions) return false;
  ++decryptions_;
  const auto payload = open_initial(stream.keys, initial.packet, initial.number_offset);
  if (payload) read_frames(stream, *payload);
  return payload.has_value();
}

/// Those frames that RFC 9000, 12.4 allows in Initials; at any other the rest is left.
void QuicHello::read_frames(Stream& stream, Bytes payload) const {
  Cursor at(payload);
  while (at.ok() && !at.empty()) {
    const auto type = read_varint(at);
    if (type == 0x06 || (type == 0x08 && stream.is_google)) {
      const std::uint64_t offset = read_varint(at);
      const Bytes data = take_varint(at);
      if (at.ok()) stream.bytes.add(offset, data);
    } else if (type == 0x02 || type == 0x03) {
      skip_ack(at, type == 0x03);
    } else if (type > 0x01) {  // neither PADDING nor PING
      break;
    }
  }
}

HelloState QuicHello::look() {
  const Stream& stream = streams_.back();
  const auto hello = parse_hello(stream.bytes.prefix(), stream.is_google);
  return hello && hello->complete ? accept(*hello) : state_;
}

HelloState QuicHello::finish() {
  if (state_ != HelloState::waiting) return state_;
  for (auto stream = streams_.rbegin(); stream != streams_.rend(); ++stream) {
    const auto hello = parse_hello(stream->bytes.prefix(), stream->is_google);
    if (hello && !hello->server_name.empty()) return accept(*hello);
  }
  return conclude(HelloState::none);
}

HelloState QuicHello::accept(const ClientHello& hello) {
  server_name_ = hello.server_name;
  has_ech_ = hello.has_ech;
  return conclude(HelloState::found);
}

HelloState QuicHello::conclude(HelloState state) {
  std::vector<Stream>().swap(streams_);
  return state_ = state;
}

std::size_t QuicHello::memory() const {
  std::size_t size = server_name_.capacity() + streams_.capacity() * sizeof(Stream);
  for (const Stream& stream : streams_) size += stream.bytes.memory();
  return size;
}

}  // namespace pcapml
