// SPDX-License-Identifier: Apache-2.0
#include "hello_fields.h"

#include <algorithm>
#include <string>

#include "net/client_hello.h"
#include "pcapml/cursor.h"

namespace pcapml::python {
namespace {

constexpr std::uint8_t kHandshake = 22, kClientHello = 1;
constexpr std::size_t kLongestRecord = 16384 + 2048;  // RFC 5246, 6.2.3
constexpr std::size_t kMessageHeader = 4;

void find_names(Cursor at, std::size_t from, std::vector<Span>& spans) {
  at.skip(2);
  while (at.ok() && !at.empty()) {
    at.skip(1);
    const std::size_t length = at.be16();
    if (!at.ok()) return;
    spans.push_back({from + at.position(), std::min(length, at.remaining())});
    at.skip(length);
  }
}

/// In a body that parse_client_hello() took for one (RFC 8446, 4.1.2; RFC 6066, 3).
std::vector<Span> find_in_body(Bytes body, HelloKind kind, HelloParts parts) {
  std::vector<Span> spans;
  Cursor at(body);
  const auto part = [&](std::size_t size, bool wanted) {
    if (!at.ok()) return;
    if (wanted) spans.push_back({at.position(), std::min(size, at.remaining())});
    at.skip(size);
  };
  at.skip(2);
  part(32, parts.client_random);
  part(at.u8(), parts.session_id);
  if (kind == HelloKind::datagram) at.skip(at.u8());
  at.skip(at.be16());
  at.skip(at.u8());
  at.skip(2);
  while (parts.server_name && at.ok() && !at.empty()) {
    constexpr std::uint16_t kServerName = 0;
    const auto type = at.be16();
    const std::size_t length = at.be16();
    if (!at.ok()) break;
    if (type == kServerName)
      find_names(Cursor(at.rest().first(std::min(length, at.remaining()))), at.position(), spans);
    at.skip(length);
  }
  return spans;
}

/// A message put together from records, and where in the stream its bytes lie.
class Message {
 public:
  /// False where the bytes are no handshake records.
  bool read(Bytes stream) {
    Cursor at(stream);
    while (!complete()) {
      Cursor look = at;
      const Bytes head = look.take(std::min<std::size_t>(look.remaining(), 5));
      Cursor header(head);
      if (!head.empty() && header.u8() != kHandshake) return false;
      if (head.size() > 1 && header.u8() != 3) return false;
      if (head.size() > 2 && header.u8() > 4) return false;
      if (head.size() < 5) return true;
      const std::size_t length = header.be16();
      if (length == 0 || length > kLongestRecord) return false;
      at = look;
      const std::size_t place = at.position();
      add(place, at.take(std::min(length, at.remaining())));
      if (!begins_client_hello()) return false;
      if (at.empty()) return true;
    }
    return true;
  }

  std::size_t length() const {
    Cursor at(as_bytes(bytes_));
    at.skip(1);
    const std::size_t high = at.u8();
    return (high << 16) + at.be16();
  }
  bool complete() const { return has_header() && bytes_.size() >= kMessageHeader + length(); }
  bool has_header() const { return bytes_.size() >= kMessageHeader; }
  Bytes body() const { return as_bytes(bytes_).subspan(kMessageHeader); }

  /// A span of the body, in the stream.
  void place(Span span, std::vector<Span>& placed) const {
    const std::size_t begin = span.offset + kMessageHeader, end = begin + span.size;
    for (const Piece& piece : pieces_) {
      const std::size_t from = std::max(begin, piece.in_message);
      const std::size_t to = std::min(end, piece.in_message + piece.size);
      if (from < to) placed.push_back({piece.in_stream + from - piece.in_message, to - from});
    }
  }

 private:
  struct Piece {
    std::size_t in_message, in_stream, size;
  };

  void add(std::size_t in_stream, Bytes fragment) {
    pieces_.push_back({bytes_.size(), in_stream, fragment.size()});
    bytes_ += as_text(fragment);
  }
  bool begins_client_hello() const {
    if (!bytes_.empty() && bytes_[0] != char{kClientHello}) return false;
    return bytes_.size() < 2 || static_cast<unsigned char>(bytes_[1]) <= 1;
  }

  std::string bytes_;
  std::vector<Piece> pieces_;
};

}  // namespace

std::optional<HelloFields> find_hello_fields(Bytes stream, HelloParts parts) {
  Message message;
  if (!message.read(stream)) return std::nullopt;
  HelloFields fields;
  fields.complete = message.complete();
  if (!message.has_header()) return fields;
  if (!parse_client_hello(message.body(), message.length())) return std::nullopt;
  const Bytes body = message.body().first(std::min(message.body().size(), message.length()));
  for (const Span span : find_in_body(body, HelloKind::stream, parts)) message.place(span, fields.spans);
  return fields;
}

std::optional<HelloFields> find_datagram_hello_fields(Bytes datagram, HelloParts parts) {
  Cursor at(datagram);
  if (at.u8() != kHandshake) return std::nullopt;
  at.skip(10);  // version, epoch, sequence number
  at.skip(2);
  if (at.u8() != kClientHello) return std::nullopt;
  const std::size_t high = at.u8();
  const std::size_t length = (high << 16) + at.be16();
  at.skip(2);
  const bool is_first_fragment = at.u8() == 0 && at.be16() == 0;
  at.skip(1);
  const std::size_t held = at.be16();
  if (!at.ok() || !is_first_fragment) return std::nullopt;
  const std::size_t from = at.position();
  const Bytes body = at.rest().first(std::min(held, at.remaining()));
  if (!parse_client_hello(body, length, HelloKind::datagram)) return std::nullopt;
  HelloFields fields{find_in_body(body, HelloKind::datagram, parts), body.size() == length};
  for (Span& span : fields.spans) span.offset += from;
  return fields;
}

}  // namespace pcapml::python
