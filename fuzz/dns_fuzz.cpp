// SPDX-License-Identifier: Apache-2.0
// The first byte is even: one DNS message. Odd: a TCP direction, whose segments have a 16-bit distance from
// the first number (signed), a 16-bit length, and so many bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "net/dns.h"
#include "net/dns_stream.h"
#include "net/host_name.h"
#include "pcapml/cursor.h"

namespace {

using namespace pcapml;

void require(bool condition) {
  if (!condition) std::abort();
}

bool check(Bytes message) {
  DnsAnswer answer;
  const DnsMessage kind = parse_dns(message, answer);
  require(answer.addresses.empty() == (kind != DnsMessage::answer));
  for (const IpAddress& address : answer.addresses) require(address.version == 4 || address.version == 6);
  if (const auto name = normal_host_name(answer.question)) require(normal_host_name(*name) == name);
  return kind != DnsMessage::malformed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor input(std::as_bytes(std::span(data, size)));
  if ((input.u8() & 1) == 0) {
    check(input.rest());
    return 0;
  }
  constexpr std::uint32_t kStart = 0xffffff00;
  DnsStream stream;
  while (!input.empty()) {
    const auto distance = static_cast<std::int16_t>(input.be16());
    const Bytes payload = input.take(input.be16());
    if (!input.ok()) break;
    stream.add(kStart + static_cast<std::uint32_t>(distance), payload);
    for (Bytes message = stream.next(); !message.empty(); message = stream.next())
      if (!check(message)) stream.lose_place();
    require(stream.memory() <= 256 * 1024);
  }
  return 0;
}
