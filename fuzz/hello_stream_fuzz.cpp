// SPDX-License-Identifier: Apache-2.0
// A TCP direction: the first byte tells whether there is a SYN, then segments, each with a 16-bit distance
// from the first number (signed), a 16-bit length, and so many bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "net/hello_stream.h"
#include "pcapml/cursor.h"

namespace {

using namespace pcapml;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint32_t kStart = 0xffffff00;
  Cursor input(std::as_bytes(std::span(data, size)));
  HelloStream stream;
  if ((input.u8() & 1) != 0) stream.syn(kStart - 1);
  while (!input.empty()) {
    const auto distance = static_cast<std::int16_t>(input.be16());
    const Bytes payload = input.take(input.be16());
    if (!input.ok()) break;
    stream.add(kStart + static_cast<std::uint32_t>(distance), payload);
    require(stream.memory() <= 128 * 1024);
    require(stream.state() == HelloState::found || stream.server_name().empty());
  }
  stream.finish();
  require(stream.state() != HelloState::waiting);
  return 0;
}
