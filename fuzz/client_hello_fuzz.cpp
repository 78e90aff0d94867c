// SPDX-License-Identifier: Apache-2.0
// Hellos of TLS, DTLS and Google QUIC: the first byte chooses, the next two are the length that the message
// claims, 0 for its true one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "net/client_hello.h"
#include "net/dtls.h"
#include "net/google_hello.h"
#include "pcapml/cursor.h"

namespace {

using namespace pcapml;

void require(bool condition) {
  if (!condition) std::abort();
}

// What a prefix yields, the whole must not take back.
void check_prefixes(Bytes body, std::size_t length, HelloKind kind) {
  const auto whole = parse_client_hello(body, length, kind);
  if (!whole) return;
  require(whole->server_name.size() <= body.size());
  for (std::size_t n = 0; n < body.size() && n < 512; ++n) {
    const auto part = parse_client_hello(body.first(n), length, kind);
    require(part.has_value());
    require(part->server_name.empty() || part->server_name == whole->server_name);
    require(!part->complete || n >= length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor input(std::as_bytes(std::span(data, size)));
  const auto choice = input.u8();
  const std::size_t claimed = input.be16();
  const Bytes message = input.rest();
  const std::size_t length = claimed == 0 ? message.size() : claimed;
  switch (choice % 4) {
    case 0: check_prefixes(message, length, HelloKind::stream); break;
    case 1: check_prefixes(message, length, HelloKind::datagram); break;
    case 2: find_google_hello(message); break;
    default: {
      DtlsHello hello;
      Cursor datagrams(message);
      while (!datagrams.empty() && datagrams.ok()) hello.add(datagrams.take(datagrams.be16()));
      require(hello.memory() <= 64 * 1024);
      hello.finish();
      require(hello.state() != HelloState::waiting);
    }
  }
  return 0;
}
