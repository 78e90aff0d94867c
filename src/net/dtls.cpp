// SPDX-License-Identifier: Apache-2.0
#include "net/dtls.h"

#include <optional>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::uint8_t kHandshake = 22, kClientHello = 1;

struct Record {
  std::uint8_t type = 0;
  bool is_encrypted = false;
  Bytes content;
};

bool is_dtls_version(std::uint16_t version) {
  return version >= 0xfefc || version == 0x0100;  // 0x0100: OpenSSL before 0.9.8f, Cisco AnyConnect
}

// RFC 6347, 4.1; RFC 9147, 4
std::optional<Record> read_record(Cursor& at) {
  Record record;
  record.type = at.u8();
  const auto version = at.be16();
  record.is_encrypted = at.be16() != 0;  // epoch
  at.skip(6);
  record.content = at.take(at.be16());
  if (!at.ok() || !is_dtls_version(version)) return std::nullopt;
  return record;
}

std::size_t be24(Cursor& at) {
  const std::size_t high = at.u8();
  return (high << 16) + at.be16();
}

}  // namespace

bool looks_like_dtls_handshake(Bytes datagram) {
  Cursor at(datagram);
  const auto type = at.u8();
  const auto version = at.be16();
  return at.be16() == 0 && at.ok() && type == kHandshake && is_dtls_version(version);
}

HelloState DtlsHello::add(Bytes datagram) {
  Cursor at(datagram);
  while (!at.empty() && state_ == HelloState::waiting) {
    const auto record = read_record(at);
    if (!record) break;
    if (record->type == kHandshake && !record->is_encrypted) add_messages(record->content);
  }
  return state_;
}

// RFC 6347, 4.2.2
void DtlsHello::add_messages(Bytes record) {
  if (++records_ > kMostRecords) {
    finish();
    return;
  }
  Cursor at(record);
  while (!at.empty() && state_ == HelloState::waiting) {
    const auto type = at.u8();
    const std::size_t length = be24(at);
    const auto sequence = at.be16();
    const std::size_t offset = be24(at);
    const Bytes fragment = at.take(be24(at));
    if (!at.ok()) return;
    if (type == kClientHello && fragment.size() == length) {
      const auto hello = parse_client_hello(fragment, length, HelloKind::datagram);
      if (hello) accept(*hello);
      continue;
    }
    if (type != kClientHello || offset > length || fragment.size() > length - offset) continue;
    if (!has_part_ || sequence > sequence_ || (sequence == sequence_ && length != length_)) {
      body_.clear();
      sequence_ = sequence;
      length_ = length;
      has_part_ = true;
    }
    if (sequence != sequence_) continue;
    body_.add(offset, fragment);
    const auto hello = parse_client_hello(body_.prefix(), length_, HelloKind::datagram);
    if (hello && hello->complete) accept(*hello);
  }
}

HelloState DtlsHello::finish() {
  if (state_ != HelloState::waiting) return state_;
  const auto hello = parse_client_hello(body_.prefix(), length_, HelloKind::datagram);
  if (has_part_ && hello && !hello->server_name.empty()) return accept(*hello);
  return state_ = HelloState::none;
}

HelloState DtlsHello::accept(const ClientHello& hello) {
  server_name_ = hello.server_name;
  has_ech_ = hello.has_ech;
  body_ = SparseBytes(kLongestHello);
  return state_ = HelloState::found;
}

}  // namespace pcapml
