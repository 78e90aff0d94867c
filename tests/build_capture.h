// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml::test {

/// Makes capture files byte by byte, in either order, with nothing of the writers that are under test.
class Builder {
 public:
  explicit Builder(ByteOrder order = ByteOrder::little) : order_(order) {}

  Builder& u8(unsigned v) { return number(v, 1); }
  Builder& u16(unsigned v) { return number(v, 2); }
  Builder& u32(std::uint64_t v) { return number(v, 4); }
  Builder& u64(std::uint64_t v) { return number(v, 8); }
  /// Two 32-bit halves, the upper one first.
  Builder& halves(std::uint64_t v) { return u32(v >> 32).u32(v & 0xffffffff); }
  Builder& text(std::string_view v) {
    for (const char c : v) bytes_.push_back(static_cast<std::byte>(c));
    return *this;
  }
  Builder& add(const Builder& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  Builder& pad() {
    while (bytes_.size() % 4 != 0) u8(0);
    return *this;
  }
  /// An empty builder of the same order, for what goes inside.
  Builder inner() const { return Builder(order_); }

  Builder& option(unsigned code, const Builder& value) {
    return u16(code).u16(static_cast<unsigned>(value.bytes_.size())).add(value).pad();
  }
  Builder& option(unsigned code, std::string_view value) { return option(code, inner().text(value)); }
  Builder& comment(std::string_view value) { return option(1, value); }
  Builder& end_of_options() { return u16(0).u16(0); }

  /// Notes the end of a record, or of a part that a reader delivers on its own.
  Builder& mark() {
    ends_.push_back(bytes_.size());
    return *this;
  }

  Builder& block(std::uint32_t type, const Builder& body) {
    const std::uint64_t size = 12 + (body.bytes_.size() + 3) / 4 * 4;
    return u32(type).u32(size).add(body).pad().u32(size).mark();
  }
  /// Everything from here on is in `order`.
  Builder& section(ByteOrder order, std::string_view comment_text = {}) {
    order_ = order;
    Builder body = inner().u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0});
    if (!comment_text.empty()) body.comment(comment_text).end_of_options();
    return block(0x0a0d0d0a, body);
  }
  Builder& section(std::string_view comment_text = {}) { return section(order_, comment_text); }
  Builder& interface(unsigned link = 1, std::uint32_t snap = 0) { return interface(link, snap, inner()); }
  Builder& interface(unsigned link, std::uint32_t snap, const Builder& options) {
    return block(1, inner().u16(link).u16(0).u32(snap).add(options));
  }
  Builder& enhanced(std::uint32_t id, std::uint64_t ticks, std::string_view data) {
    return enhanced(id, ticks, data, inner());
  }
  Builder& enhanced(std::uint32_t id, std::uint64_t ticks, std::string_view data, const Builder& options) {
    Builder body = inner().u32(id).halves(ticks).u32(data.size()).u32(data.size()).text(data).pad();
    return block(6, body.add(options));
  }
  Builder& simple(std::uint32_t original, std::string_view data) {
    return block(3, inner().u32(original).text(data));
  }
  Builder& obsolete(unsigned id, unsigned drops, std::uint64_t ticks, std::string_view data) {
    return block(2, inner().u16(id).u16(drops).halves(ticks).u32(data.size()).u32(data.size()).text(data));
  }

  Builder& pcap_header(std::uint32_t magic, std::uint32_t link = 1, std::uint32_t snap = 65535,
                       unsigned minor = 4) {
    return u32(magic).u16(2).u16(minor).u64(0).u32(snap).u32(link).mark();
  }
  Builder& pcap_packet(std::uint32_t seconds, std::uint32_t fraction, std::string_view data,
                       std::uint64_t original = 0) {
    const std::uint64_t wire = original != 0 ? original : data.size();
    return u32(seconds).u32(fraction).u32(data.size()).u32(wire).text(data).mark();
  }

  const std::vector<std::byte>& bytes() const { return bytes_; }
  /// Offsets behind each whole record.
  const std::vector<std::size_t>& ends() const { return ends_; }
  ByteOrder order() const { return order_; }

 private:
  Builder& number(std::uint64_t v, int size) {
    for (int i = 0; i < size; ++i) {
      const int shift = 8 * (order_ == ByteOrder::little ? i : size - 1 - i);
      bytes_.push_back(static_cast<std::byte>(v >> shift & 0xff));
    }
    return *this;
  }

  ByteOrder order_;
  std::vector<std::byte> bytes_;
  std::vector<std::size_t> ends_;
};

inline ByteOrder other(ByteOrder order) {
  return order == ByteOrder::little ? ByteOrder::big : ByteOrder::little;
}

inline constexpr std::uint32_t kMicroMagic = 0xa1b2c3d4;
inline constexpr std::uint32_t kNanoMagic = 0xa1b23c4d;
inline constexpr std::uint32_t kKuznetzovMagic = 0xa1b2cd34;

/// Three packets, the second of no bytes.
inline Builder small_pcap(ByteOrder order, std::uint32_t magic) {
  Builder file(order);
  file.pcap_header(magic);
  if (magic != kKuznetzovMagic)
    return file.pcap_packet(1'700'000'000, 5, "first")
        .pcap_packet(1'700'000'001, 0, "")
        .pcap_packet(2, 999'999, "third!", 99);
  for (const std::string_view data : {"first", "", "third!"})
    file.u32(1'700'000'000).u32(5).u32(data.size()).u32(99).u32(7).u16(8).u16(0).text(data).mark();
  return file;
}

/// The body of one block of each kind that is neither header, interface nor packet, with its type.
struct NamedBlock {
  std::uint32_t type;
  Builder body;
  bool opaque;  ///< holds what no program knows the order of
};

inline std::vector<NamedBlock> other_blocks(ByteOrder order) {
  const auto b = [order] { return Builder(order); };
  const std::string_view address("\x7f\0\0\1localhost\0", 14);
  return {
      {4,
       b().u16(1)
           .u16(14)
           .text(address)
           .pad()
           .u16(0)
           .u16(0)
           .option(2, "resolver")
           .option(3, "\x0a\1\2\3")
           .comment("names")
           .end_of_options(),
       false},
      {4, b().u16(0).u16(0), false},
      {4, b().u16(9).u16(3).text("new").pad().u16(0).u16(0), true},
      {5,
       b().u32(0)
           .halves(0x5fedcba98'7654321)
           .option(2, b().halves(0x1122334455667788))
           .option(4, b().u64(1234567))
           .option(5, b().u64(89))
           .comment("counted")
           .end_of_options(),
       false},
      {5, b().u32(0).halves(7).option(4, "odd"), true},
      {9, b().text("__REALTIME_TIMESTAMP=1\nMESSAGE=hello\n").pad(), false},
      {10, b().u32(0x544c534b).u32(9).text("CLIENT 12").pad().comment("key").end_of_options(), false},
      {10, b().u32(0x12345678).u32(4).text("abcd"), true},
      {0xbad, b().u32(32622).text("\3\0\0\0\4\0\0\0bash"), false},
      {0xbad, b().u32(4711).text("whatever"), true},
      {0x40000bad, b().u32(4711).text("local"), true},
      {0x80000001, b().text("mine"), true},
  };
}

/// Options of a packet: every code that the format defines, and some that it does not.
inline Builder packet_options(ByteOrder order) {
  const auto b = [order] { return Builder(order); };
  return b()
      .comment("7,web")
      .option(2, b().u32(0x80000001))
      .option(3, "\2abcd")
      .option(4, b().u64(3))
      .option(5, b().u64(0x0102030405060708))
      .option(6, b().u32(9))
      .option(7, b().u8(2).u64(2))
      .option(8, b().u32(1234).u32(5678))
      .comment("")
      .option(2988, b().u32(32473).text("text"))
      .option(19372, b().u32(32473).text("more"))
      .end_of_options();
}

/// Two sections of opposite order with blocks of every kind; the first packet's section has `order`.
inline Builder small_pcapng(ByteOrder order) {
  Builder file(order);
  for (const ByteOrder now : {order, other(order)}) {
    file.section(now, "a section");
    file.interface(1, 64,
                   file.inner()
                       .option(2, "eth0")
                       .option(9, file.inner().u8(9))
                       .option(14, file.inner().u64(10))
                       .end_of_options());
    file.interface(101);
    for (const NamedBlock& block : other_blocks(now)) file.block(block.type, block.body);
    file.enhanced(0, 1'700'000'000'000'000'000, "packet", packet_options(now));
    file.simple(5, "short")
        .enhanced(1, 1'700'000'000'000'001, "")
        .obsolete(1, 4, 1'700'000'000'000'002, "old one");
  }
  return file;
}

}  // namespace pcapml::test
