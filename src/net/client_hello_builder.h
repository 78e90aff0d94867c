// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/packet_samples.h"

/// TLS messages for tests, put together from the inside out: record(handshake(1, hello.body())).
namespace pcapml::samples {

inline std::string be24(unsigned n) { return be8(n >> 16) + be16(n); }
inline std::string sized8(const std::string& s) { return be8(static_cast<unsigned>(s.size())) + s; }
inline std::string sized16(const std::string& s) { return be16(static_cast<unsigned>(s.size())) + s; }

struct Extension {
  unsigned type = 0;
  std::string content = {};

  std::string bytes() const { return be16(type) + sized16(content); }
};

inline Extension server_name_extension(std::string_view name) {
  return {0, sized16(be8(0) + sized16(std::string(name)))};
}
inline Extension key_share_extension(std::size_t size) {  // 1216: X25519MLKEM768
  return {51, sized16(be16(0x11ec) + sized16(std::string(size, 'k')))};
}
inline Extension ech_extension(unsigned type = 0xfe0d) { return {type, std::string(186, 'e')}; }
inline Extension grease_extension() { return {0x3a3a, ""}; }

struct Hello {
  unsigned version = 0x0303;
  std::string session = std::string(32, 's');
  std::string suites = be16(0x2a2a) + be16(0x1301) + be16(0x1302);
  std::string methods = std::string(1, '\0');
  std::vector<Extension> extensions = {};
  bool is_datagram = false;
  std::string cookie = {};

  std::string body() const {
    std::string s = be16(version) + std::string(32, 'r') + sized8(session);
    if (is_datagram) s += sized8(cookie);
    s += sized16(suites) + sized8(methods);
    std::string list;
    for (const auto& extension : extensions) list += extension.bytes();
    return s + sized16(list);
  }
};

/// As browsers send it today: GREASE, a name in the middle, a post-quantum key share, about 1,700 bytes.
inline Hello browser_hello(std::string_view name) {
  Hello hello;
  hello.extensions = {grease_extension(),
                      {23, ""},
                      key_share_extension(1216),
                      {43, "\x02\x03\x04"},
                      server_name_extension(name),
                      {16, sized16(sized8("h2"))},
                      {0xff01, be8(0)},
                      {0x1a1a, be8(0)},
                      {21, zeros(300)}};
  return hello;
}
inline Hello small_hello(std::string_view name) {
  Hello hello;
  hello.extensions = {server_name_extension(name), {43, "\x02\x03\x04"}};
  return hello;
}

inline std::string handshake(unsigned type, const std::string& body) {
  return be8(type) + be24(static_cast<unsigned>(body.size())) + body;
}
inline std::string record(const std::string& fragment, unsigned type = 22) {
  return be8(type) + be16(0x0301) + sized16(fragment);
}
/// The message in records of at most `size` bytes.
inline std::string records(const std::string& message, std::size_t size) {
  std::string s;
  for (std::size_t at = 0; at < message.size(); at += size) s += record(message.substr(at, size));
  return s;
}
inline std::string hello_record(const Hello& hello) { return record(handshake(1, hello.body())); }

}  // namespace pcapml::samples
