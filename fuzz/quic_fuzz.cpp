// SPDX-License-Identifier: Apache-2.0
// A UDP flow: each datagram has a byte of its kind and a 16-bit length before it. Kind bit 0: direction. Bit
// 1: the bytes are not a datagram, but the frames of an Initial that is then made of them, so that what lies
// behind the encryption is reached; bits 2 and 3 choose its version, bits 4 and 5 its connection ids.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "net/quic.h"
#include "net/quic_packet_builder.h"
#include "pcapml/cursor.h"

namespace {

using namespace pcapml;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string initial_of(unsigned kind, Bytes frames) {
  constexpr std::uint32_t kVersions[] = {kQuicVersion1, kQuicVersion2, 0x51303530, 0x0a0a0a0a};
  samples::QuicFlight flight;
  flight.version = kVersions[kind >> 2 & 3];
  if ((kind & 0x10) != 0) flight.first_destination = "retry-id";
  flight.destination = (kind & 0x20) != 0 ? "of server" : flight.first_destination;
  return flight.initial(std::string(as_text(frames)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor input(std::as_bytes(std::span(data, size)));
  QuicHello hello;
  while (!input.empty()) {
    const unsigned kind = input.u8();
    const Bytes bytes = input.take(input.be16());
    if (!input.ok()) break;
    const std::string made = (kind & 2) != 0 ? initial_of(kind, bytes) : std::string(as_text(bytes));
    looks_like_quic_initial(as_bytes(made));
    hello.add(as_bytes(made), (kind & 1) != 0);
    require(hello.memory() <= 256 * 1024);
  }
  hello.finish();
  require(hello.state() != HelloState::waiting);
  return 0;
}
