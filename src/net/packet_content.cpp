// SPDX-License-Identifier: Apache-2.0
#include "net/packet_content.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "net/ip_protocol.h"
#include "net/mix.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr PacketContent::Gap kIpv4Checksum{10, 2};  // RFC 791, 3.1

PacketContent::Gap transport_checksum(const Headers& headers) {
  if (headers.fragment_offset != 0) return {};
  const TransportShape shape = transport_shape(headers.flow.protocol);
  return {headers.transport_offset - headers.network_offset + shape.checksum_offset, shape.checksum_length};
}

constexpr std::size_t kBlockLength = 32;
using Block = std::array<std::uint64_t, kBlockLength / 8>;

/// The block at `position` of the content, with zeros in its gaps and after its end.
Block load_block(Bytes bytes, std::size_t position, const std::array<PacketContent::Gap, 2>& gaps) {
  Block block{};
  std::memcpy(block.data(), bytes.data(), bytes.size());
  const auto content = std::as_writable_bytes(std::span(block));
  for (const auto& gap : gaps) {
    const std::size_t begin = std::max<std::size_t>(gap.offset, position);
    const std::size_t end = std::min(std::size_t{gap.offset} + gap.length, position + kBlockLength);
    if (begin < end) std::ranges::fill(content.subspan(begin - position, end - begin), std::byte{0});
  }
  return block;
}

/// 128 bits of state that take in two words with one multiplication.
///
/// With x and y the words as the state disguises them, the new state is (x + 2^64)(y + 1) less a constant,
/// but for a carry between its halves. So a zero on one side does not swallow the other, and, a few values
/// apart, one factor fixed leaves a one-to-one map of the other. Its low bits are biased, which finish()
/// repairs.
struct Lane {
  std::uint64_t a, b;

  void absorb(std::uint64_t first, std::uint64_t second) {
    __extension__ typedef unsigned __int128 Product;
    const std::uint64_t x = first ^ a, y = second ^ b;
    const Product product = static_cast<Product>(x) * y;
    a = static_cast<std::uint64_t>(product >> 64) + y;
    b = static_cast<std::uint64_t>(product) + x;
  }

  ContentHash finish() const {
    return {mix(a ^ 0x9b3f6d21c8e7045b, b ^ 0xd16c83f5e92b7a4d),
            mix(b ^ 0x37e9a1d4560bc8f3, a ^ 0xa85d2c7e13f496b1)};
  }
};

}  // namespace

PacketContent packet_content(const std::optional<Headers>& headers, Bytes packet,
                             std::uint32_t original_length) {
  PacketContent content;
  if (!headers) {
    content.bytes = packet;
    content.length = original_length;
    return content;
  }
  Cursor frame(packet);
  frame.skip(headers->network_offset);
  content.bytes = frame.take(headers->ip_captured);
  content.length = headers->ip_length;
  if (content.length == 0)
    content.length = std::max(original_length, headers->network_offset) - headers->network_offset;
  if (headers->flow.source.version == 4) content.gaps[0] = kIpv4Checksum;
  content.gaps[1] = transport_checksum(*headers);
  content.is_ip = true;
  return content;
}

PacketContent packet_content(std::uint16_t link_type, Bytes packet, std::uint32_t original_length) {
  return packet_content(parse_headers(link_type, packet), packet, original_length);
}

ContentHash hash_content(const PacketContent& content, std::size_t prefix_length) {
  const std::size_t length = std::min(content.bytes.size(), prefix_length);
  std::size_t gaps_end = 0;
  for (const auto& gap : content.gaps)
    if (gap.length != 0) gaps_end = std::max(gaps_end, std::size_t{gap.offset} + gap.length);

  // Random constants. Two lanes, so that one multiplication need not wait for the other.
  Lane even{0x2b71e8c4d95f063d, 0x8ec4195d7a3bf261}, odd{0xe5934fb06c1d8a27, 0x5a0d67f3b8c29e14};
  const auto absorb = [&](const Block& block) {
    even.absorb(block[0], block[1]);
    odd.absorb(block[2], block[3]);
  };
  Cursor at(content.bytes.first(length));
  while (!at.empty()) {
    const std::size_t position = at.position();
    const Bytes bytes = at.take(std::min(kBlockLength, at.remaining()));
    if (position < gaps_end || bytes.size() < kBlockLength) {
      absorb(load_block(bytes, position, content.gaps));
    } else {
      Block block;
      std::memcpy(block.data(), bytes.data(), kBlockLength);
      absorb(block);
    }
  }
  even.absorb(odd.a, odd.b);
  even.absorb(content.length, length);
  even.absorb(0, 0);
  return even.finish();
}

}  // namespace pcapml
