// SPDX-License-Identifier: Apache-2.0
#include "net/client_hello.h"

#include <algorithm>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::uint16_t kServerName = 0;  // RFC 6066, 3
constexpr std::uint8_t kHostName = 0;

// RFC 9849's code point; the others are those of its drafts, of which some clients still live.
bool is_ech(std::uint16_t extension) {
  return extension == 0xfe0d || (extension >= 0xfe08 && extension <= 0xfe0c) || extension == 0xff02 ||
         extension == 0xffce;
}

bool is_legacy_version(std::uint16_t version, HelloKind kind) {
  if (kind == HelloKind::stream) return version >= 0x0300 && version <= 0x0304;
  return version >= 0xfefc || version == 0x0100;  // 0x0100: OpenSSL before 0.9.8f, Cisco AnyConnect
}

/// Walks the body; every step says whether the message may still be a ClientHello.
class Walk {
 public:
  Walk(Bytes body, std::size_t length, HelloKind kind)
      : at_(Cursor(body).take(std::min(length, body.size()))), length_(length), kind_(kind) {}

  bool run() {
    hello.complete = at_.remaining() == length_;
    if (!head()) return false;
    if (!at_.ok()) return !hello.complete;
    if (length_ == at_.position()) return true;  // RFC 5246, 7.4.1.2: extensions may be absent
    const std::size_t extensions_length = at_.be16();
    if (!at_.ok()) return !hello.complete;
    if (extensions_length + at_.position() > length_) return false;
    extensions(at_.take(std::min(extensions_length, at_.remaining())));
    return true;
  }

  ClientHello hello;

 private:
  // RFC 8446, 4.1.2. Strict, as this also tells a hello from what merely looks like its record header.
  bool head() {
    const auto version = at_.be16();
    if (at_.ok() && !is_legacy_version(version, kind_)) return false;
    at_.skip(32);
    const std::size_t session_length = at_.u8();
    if (session_length > 32) return false;
    at_.skip(session_length);
    if (kind_ == HelloKind::datagram) at_.skip(at_.u8());
    const std::size_t suites_length = at_.be16();
    if (at_.ok() && (suites_length < 2 || suites_length % 2 != 0)) return false;
    at_.skip(suites_length);
    const std::size_t methods_length = at_.u8();
    if (at_.ok() && methods_length == 0) return false;
    at_.skip(methods_length);
    return true;
  }

  void extensions(Bytes bytes) {
    Cursor at(bytes);
    bool named = false;
    while (!at.empty()) {
      const auto type = at.be16();
      const Bytes content = at.take(at.be16());
      if (is_ech(type)) hello.has_ech = true;
      if (!at.ok()) return;
      if (type != kServerName || named) continue;
      hello.server_name = host_name(content);
      named = true;
    }
  }

  static std::string_view host_name(Bytes content) {
    Cursor extension(content);
    Cursor list(extension.take(extension.be16()));
    while (!list.empty()) {
      const auto type = list.u8();
      const Bytes name = list.take(list.be16());
      if (list.ok() && type == kHostName) return as_text(name);
      if (!list.ok()) break;
    }
    return {};
  }

  Cursor at_;
  std::size_t length_;
  HelloKind kind_;
};

}  // namespace

std::optional<ClientHello> parse_client_hello(Bytes body, std::size_t length, HelloKind kind) {
  Walk walk(body, length, kind);
  if (!walk.run()) return std::nullopt;
  return walk.hello;
}

}  // namespace pcapml
