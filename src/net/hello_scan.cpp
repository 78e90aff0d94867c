// SPDX-License-Identifier: Apache-2.0
#include "net/hello_scan.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::byte kHandshake{22};  // RFC 8446, 5.1
constexpr std::uint8_t kClientHello = 1, kServerHello = 2;
constexpr std::size_t kRecordHeader = 5, kMessageHeader = 4;
constexpr std::size_t kLongestRecord = 16384 + 2048;  // RFC 5246, 6.2.3: some senders count as if encrypted

// Random bytes hold few places that get past the first record header; more than these are made to cost time.
constexpr int kMostAttempts = 16;

struct Message {
  Bytes bytes;             ///< of the handshake message, as many as there are
  std::size_t needed = 0;  ///< bytes from the first record on that bring the next of it
  bool plausible = false;
};

struct Record {
  Bytes fragment;
  std::size_t length = 0;
};

/// nullopt where no handshake record begins here. A header that is cut short gives length 0.
std::optional<Record> next_record(Cursor& at) {
  Cursor look = at;
  const Bytes start = look.take(std::min<std::size_t>(look.remaining(), 3));
  if (!start.empty() && start[0] != kHandshake) return std::nullopt;
  if (start.size() > 1 && start[1] != std::byte{3}) return std::nullopt;
  if (start.size() > 2 && start[2] > std::byte{4}) return std::nullopt;
  const std::size_t length = look.be16();
  if (!look.ok()) return Record{};
  if (length == 0 || length > kLongestRecord) return std::nullopt;
  at = look;
  return Record{at.take(std::min(length, at.remaining())), length};
}

std::size_t message_length(Bytes message) {
  Cursor at(message);
  at.skip(1);
  const std::size_t high = at.u8();
  return (high << 16) + at.be16() + kMessageHeader;
}

/// As far as there are bytes: is it a ClientHello's handshake header, of a size that exists?
bool begins_client_hello(Bytes message) {
  if (message.empty()) return true;
  if (message[0] != std::byte{kClientHello}) return false;
  return message.size() < 2 || message[1] <= std::byte{1};
}

/// Puts the records that begin at the piece's first byte together, as far as the first message goes.
/// Copies only where the message spans records.
Message read_message(Bytes piece, std::string& storage) {
  Message message;
  Cursor at(piece);
  storage.clear();
  for (bool first = true;; first = false) {
    const auto record = next_record(at);
    if (!record) return message;
    if (record->length == 0) {
      message.needed = at.position() + kRecordHeader;
      break;
    }
    if (first) {
      message.bytes = record->fragment;
    } else {
      if (storage.empty()) storage = as_text(message.bytes);
      storage += as_text(record->fragment);
      message.bytes = as_bytes(storage);
    }
    if (!begins_client_hello(message.bytes)) return message;
    const std::size_t held = message.bytes.size();
    if (held >= kMessageHeader && held >= message_length(message.bytes)) break;
    if (record->fragment.size() < record->length) {
      std::size_t missing = record->length - record->fragment.size();
      if (held >= kMessageHeader) missing = std::min(missing, message_length(message.bytes) - held);
      message.needed = at.position() + missing;
      break;
    }
  }
  message.plausible = true;
  return message;
}

/// The next place from `at` on where a record may begin; the size where there is none.
std::size_t next_candidate(Bytes piece, std::size_t at) {
  while (at < piece.size()) {
    const Bytes rest = piece.subspan(at);
    const void* hit = std::memchr(rest.data(), std::to_integer<int>(kHandshake), rest.size());
    if (!hit) return piece.size();
    at += static_cast<std::size_t>(static_cast<const std::byte*>(hit) - rest.data());
    if (at + 1 == piece.size() || piece[at + 1] == std::byte{3}) return at;
    ++at;
  }
  return at;
}

}  // namespace

HelloScan scan_for_hello(Bytes piece) {
  HelloScan scan;
  scan.keep_from = piece.size();
  std::string storage;
  int attempts = 0;
  for (std::size_t at = next_candidate(piece, 0); at < piece.size() && attempts < kMostAttempts;
       at = next_candidate(piece, at + 1)) {
    const Message message = read_message(piece.subspan(at), storage);
    if (!message.plausible) continue;
    std::optional<ClientHello> hello;
    if (message.bytes.size() >= kMessageHeader) {
      ++attempts;
      hello = parse_client_hello(message.bytes.subspan(kMessageHeader),
                                 message_length(message.bytes) - kMessageHeader);
      if (!hello) continue;
    }
    if (hello && hello->complete) {
      scan.state = HelloState::found;
      scan.server_name = hello->server_name;
      scan.has_ech = hello->has_ech;
      return scan;
    }
    scan.needed = scan.state == HelloState::none ? message.needed : std::min(scan.needed, message.needed);
    scan.keep_from = std::min(scan.keep_from, at);
    scan.state = HelloState::waiting;
    if (!hello || !scan.server_name.empty()) continue;
    scan.server_name = hello->server_name;
    scan.has_ech = hello->has_ech;
  }
  return scan;
}

bool is_server_hello(Bytes piece) {
  Cursor at(piece);
  const auto record = next_record(at);
  if (!record) return false;
  Cursor message(record->fragment);
  const auto type = message.u8();
  const auto length_high = message.u8();
  message.skip(2);
  const auto version = message.be16();
  return message.ok() && type == kServerHello && length_high == 0 && version >= 0x0300 && version <= 0x0304;
}

}  // namespace pcapml
