// SPDX-License-Identifier: Apache-2.0
#include "format/pcapng_writer.h"

#include <fmt/format.h>

#include <limits>

#include "format/block.h"
#include "format/store.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

std::byte* store_padding(std::byte* to, std::size_t size) {
  for (std::size_t i = size; i < padded(size); ++i) *to++ = std::byte{0};
  return to;
}

std::byte* store_option_end(std::byte* to, bool any_options) {
  if (any_options) {
    std::memset(to, 0, 4);
    to += 4;
  }
  return to;
}

}  // namespace

std::byte* PcapngWriter::begin_block(std::uint32_t type, std::size_t body_size) {
  const std::size_t length = kBlockOverhead + body_size;
  if (length > std::numeric_limits<std::uint32_t>::max())
    throw DataError(fmt::format("a block of {} bytes exceeds what pcapng can hold", length));
  std::byte* at = out_.append(length);
  store(at + length - 4, static_cast<std::uint32_t>(length), order_);
  at = store(at, type, order_);
  return store(at, static_cast<std::uint32_t>(length), order_);
}

void PcapngWriter::section(ByteOrder order, Bytes options) {
  order_ = order;
  interfaces_ = 0;
  std::byte* at = begin_block(kSectionHeader, 16 + options.size() + (options.empty() ? 0 : 4));
  at = store(at, kByteOrderMagic, order_);
  at = store(at, std::uint16_t{1}, order_);
  at = store(at, std::uint16_t{0}, order_);
  at = store(at, std::numeric_limits<std::uint64_t>::max(), order_);
  at = store(at, options);
  store_option_end(at, !options.empty());
}

void PcapngWriter::interface(const Interface& interface) {
  const Bytes options(interface.options);
  std::byte* at = begin_block(kInterfaceDescription, 8 + options.size() + (options.empty() ? 0 : 4));
  at = store(at, interface.link_type, order_);
  at = store(at, std::uint16_t{0}, order_);
  at = store(at, interface.snap_length, order_);
  at = store(at, options);
  store_option_end(at, !options.empty());
  ++interfaces_;
}

void PcapngWriter::packet(std::uint32_t interface_id, const PacketView& packet,
                          const PacketOptions& options) {
  const std::string_view comment = options.comment;
  if (comment.size() > kMaxOptionLength)
    throw DataError(
        fmt::format("a comment of {} bytes exceeds the 65535 that pcapng allows", comment.size()));
  const bool drops = packet.drop_count != PacketView::kDropsUnknown;
  std::size_t option_size = options.before.size() + options.after.size();
  if (!comment.empty()) option_size += 4 + padded(comment.size());
  if (drops) option_size += 12;
  const bool any = option_size > 0;

  std::byte* at = begin_block(kEnhancedPacket, 20 + padded(packet.data.size()) + option_size + (any ? 4 : 0));
  at = store(at, interface_id, order_);
  at = store(at, static_cast<std::uint32_t>(packet.ticks >> 32), order_);
  at = store(at, static_cast<std::uint32_t>(packet.ticks), order_);
  at = store(at, static_cast<std::uint32_t>(packet.data.size()), order_);
  at = store(at, packet.original_length, order_);
  at = store(at, packet.data);
  at = store_padding(at, packet.data.size());
  at = store(at, options.before);
  if (!comment.empty()) {
    at = store(at, std::uint16_t{kComment}, order_);
    at = store(at, static_cast<std::uint16_t>(comment.size()), order_);
    at = store(at, as_bytes(comment));
    at = store_padding(at, comment.size());
  }
  at = store(at, options.after);
  if (drops) {
    at = store(at, std::uint16_t{kPacketDropCount}, order_);
    at = store(at, std::uint16_t{8}, order_);
    at = store(at, std::uint64_t{packet.drop_count}, order_);
  }
  store_option_end(at, any);
}

void PcapngWriter::block(std::uint32_t type, Bytes body) { store(begin_block(type, body.size()), body); }

}  // namespace pcapml
