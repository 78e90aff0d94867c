// SPDX-License-Identifier: Apache-2.0
#include "net/offload.h"

#include <algorithm>
#include <cstring>

#include "net/crc32c.h"
#include "net/ip_protocol.h"
#include "net/tcp_flags.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::uint8_t kTcpPush = 0x08, kTcpCongestionReduced = 0x80;  // RFC 9293, 3.1
constexpr std::size_t kJumbogramHeader = 8;
constexpr std::size_t kIpv6Fixed = 40;
constexpr std::size_t kLongest = 0xffff;
/// Linux counts segments in 16 bits, and none of its superpackets comes near this size.
constexpr std::size_t kMostSegments = 0xffff, kMostBytes = std::size_t{16} << 20;

std::uint16_t native16(Bytes bytes, std::size_t offset) {
  Cursor at(bytes);
  at.skip(offset);
  std::uint16_t value = 0;
  if (const Bytes field = at.take(sizeof value); at.ok()) std::memcpy(&value, field.data(), sizeof value);
  return value;
}

void put16(std::byte* to, std::size_t value) {
  to[0] = static_cast<std::byte>(value >> 8);
  to[1] = static_cast<std::byte>(value);
}

void put32(std::byte* to, std::uint32_t value) {
  put16(to, value >> 16);
  put16(to + 2, value);
}

std::byte* put(std::byte* to, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

/// RFC 768: a computed 0 is sent as all ones, because 0 says that there is none.
std::uint16_t transport_checksum(const InternetSum& sum, std::uint8_t protocol) {
  const std::uint16_t checksum = sum.checksum();
  const bool zero_means_none = protocol == kProtocolUdp || protocol == kProtocolUdpLite;
  return checksum == 0 && zero_means_none ? std::uint16_t{0xffff} : checksum;
}

/// Segments of SCTP are no pieces of gso_size bytes.
bool can_be_segmented(const TransportLayout& layout) {
  return layout.has_transport && (layout.protocol == kProtocolTcp || layout.protocol == kProtocolUdp);
}

/// What the checksum covers of a transport's bytes (RFC 3828, 3.1).
std::size_t coverage(const TransportLayout& layout, Bytes transport, std::size_t length) {
  if (layout.protocol != kProtocolUdpLite) return length;
  Cursor at(transport);
  at.skip(4);
  const std::size_t covered = at.be16();
  return covered == 0 ? length : std::min(covered, length);
}

/// Writes the headers of one segment after another.
class SegmentHeaders {
 public:
  /// `headers` are those of the superpacket.
  SegmentHeaders(const TransportLayout& layout, Bytes headers, bool fixed_id)
      : layout_(layout), transport_(layout.transport), fixed_id_(fixed_id) {
    Cursor at(headers);
    if (layout.has_jumbogram_header) {
      before_ = at.take(kIpv6Fixed);
      next_header_ = at.u8();
      at.skip(kJumbogramHeader - 1);
      transport_ -= kJumbogramHeader;
    }
    after_ = at.rest();
    Cursor ip(headers);
    ip.skip(4);
    id_ = ip.be16();
    Cursor transport(headers);
    transport.skip(layout.transport + 4);
    sequence_ = transport.be32();
    transport.skip(5);
    flags_ = transport.u8();
    const std::size_t checksum_offset = transport_shape(layout.protocol).checksum_offset;
    checksum_ = transport_ + checksum_offset;
    is_checksummed_ = layout.version == 6 || layout.protocol != kProtocolUdp ||
                      native16(headers, layout.transport + checksum_offset) != 0;
  }

  std::size_t size() const { return before_.size() + after_.size(); }
  /// False for UDP over IPv4 without.
  bool has_checksum() const { return is_checksummed_; }

  struct Segment {
    std::size_t number, position, payload;  ///< position of its payload in the whole payload
    bool is_last;
  };

  /// Leaves the checksum as the sum over the pseudo-header.
  void write(std::byte* to, const Segment& segment) {
    put(put(to, before_), after_);
    const std::size_t length = size() + segment.payload;
    if (layout_.version == 4) {
      put16(to + 2, length);
      put16(to + 4, fixed_id_ ? id_ : id_ + segment.number);
      std::memset(to + 10, 0, 2);
      InternetSum sum;
      sum.add({to, transport_});
      const std::uint16_t checksum = sum.checksum();
      std::memcpy(to + 10, &checksum, sizeof checksum);
    } else {
      put16(to + 4, length - kIpv6Fixed);
      if (layout_.has_jumbogram_header) to[6] = std::byte{next_header_};
    }
    std::byte* transport = to + transport_;
    if (layout_.protocol == kProtocolTcp) {
      put32(transport + 4, sequence_ + static_cast<std::uint32_t>(segment.position));
      const unsigned cleared =
          (segment.is_last ? 0u : kTcpFin | kTcpPush) | (segment.number == 0 ? 0u : kTcpCongestionReduced);
      transport[13] = std::byte{static_cast<std::uint8_t>(flags_ & ~cleared)};
    } else {
      put16(transport + 4, length - transport_);
    }
    if (!is_checksummed_) return;
    if (const auto covered = static_cast<std::uint32_t>(length - transport_); covered != pseudo_length_) {
      pseudo_length_ = covered;  // the same for all but the last
      pseudo_ = layout_.pseudo_header(covered).folded();
    }
    std::memcpy(to + checksum_, &pseudo_, sizeof pseudo_);
  }

  /// Turns the sum over the pseudo-header into the checksum of this payload.
  void fill_in(std::byte* headers, Bytes payload) const {
    InternetSum sum;
    sum.add({headers + transport_, size() - transport_});
    sum.add(payload);
    const std::uint16_t checksum = transport_checksum(sum, layout_.protocol);
    std::memcpy(headers + checksum_, &checksum, sizeof checksum);
  }

 private:
  const TransportLayout& layout_;
  Bytes before_, after_;  ///< what is left of the headers without the jumbogram header
  std::size_t transport_, checksum_ = 0;
  std::uint32_t sequence_ = 0, pseudo_length_ = 0;
  std::uint16_t pseudo_ = 0;
  std::uint16_t id_ = 0;
  std::uint8_t flags_ = 0, next_header_ = 0;
  bool fixed_id_, is_checksummed_ = true;
};

}  // namespace

std::span<const WirePacket> Offload::wire_packets(Bytes captured, std::uint32_t length,
                                                  std::uint32_t gso_size, bool fixed_id,
                                                  std::uint32_t piece) {
  packets_.clear();
  captured = captured.first(std::min<std::size_t>(captured.size(), length));
  const Bytes first =
      captured.first(piece == 0 ? captured.size() : std::min<std::size_t>(captured.size(), piece));
  const auto layout = find_transport(first);
  const bool is_one =
      gso_size == 0 || (layout && layout->has_transport && length - layout->payload <= gso_size);
  if (!layout) {
    ++counts_.malformed;
    keep_whole(first, length);
  } else if (is_one) {
    fill_in(*layout, first, length);
  } else if (!cut_up(*layout, captured, length, gso_size, fixed_id, piece)) {
    ++counts_.malformed;
    keep_whole(first, length);
  }
  return packets_;
}

void Offload::keep_whole(Bytes captured, std::uint32_t length) {
  if (captured.size() < std::min(length, snap_length_)) ++counts_.cut;
  add(captured.first(std::min<std::size_t>(captured.size(), snap_length_)), length);
}

void Offload::fill_in(const TransportLayout& layout, Bytes captured, std::uint32_t length) {
  if (!layout.has_transport) return keep_whole(captured, length);
  const TransportShape shape = transport_shape(layout.protocol);
  const bool is_sctp = layout.protocol == kProtocolSctp;
  const std::size_t field = layout.transport + shape.checksum_offset;
  const bool is_left_to_device =
      is_sctp ? native16(captured, field) == 0 && native16(captured, field + 2) == 0
              : native16(captured, field) == layout.pseudo_header(length - layout.transport).folded();
  if (!is_left_to_device) return keep_whole(captured, length);

  const Bytes transport = captured.subspan(layout.transport);
  const std::size_t covered = coverage(layout, transport, length - layout.transport);
  if (covered < shape.length) return keep_whole(captured, length);  // RFC 3828, 3.1: never without its header
  if (transport.size() < covered) {
    ++counts_.unfilled;
    return keep_whole(captured, length);
  }
  const std::size_t kept = std::min<std::size_t>(captured.size(), snap_length_);
  std::byte* to = room(std::max(kept, field + shape.checksum_length));
  put(to, captured.first(kept));
  if (is_sctp) {
    Crc32c crc;
    crc.add(transport);
    put32(to + field, __builtin_bswap32(crc.value()));  // RFC 9260, appendix A: lowest byte first
  } else {
    InternetSum sum;  // the field stands for the pseudo-header in it
    sum.add(transport.first(covered));
    const std::uint16_t checksum = transport_checksum(sum, layout.protocol);
    std::memcpy(to + field, &checksum, sizeof checksum);
  }
  if (captured.size() < std::min(length, snap_length_)) ++counts_.cut;
  add({to, kept}, length);
}

/// False where it is none that can be cut.
bool Offload::cut_up(const TransportLayout& layout, Bytes captured, std::uint32_t length,
                     std::uint32_t gso_size, bool fixed_id, std::uint32_t piece) {
  if (!can_be_segmented(layout)) return false;
  SegmentHeaders headers(layout, captured.first(layout.payload), fixed_id);
  const std::size_t counted = layout.version == 4 ? headers.size() : headers.size() - kIpv6Fixed;
  const std::size_t payload = length - layout.payload;
  const std::size_t segments = (payload + gso_size - 1) / gso_size;
  const std::size_t snap = snap_length_;
  const std::size_t kept_payload = std::min<std::size_t>(gso_size, snap - std::min(snap, headers.size()));
  const std::size_t stride = headers.size() + kept_payload;
  if (counted + gso_size > kLongest || segments > kMostSegments || segments * stride > kMostBytes)
    return false;

  ++counts_.superpackets;
  std::byte* to = room(segments * stride);
  const auto payload_of = [&](std::size_t number, std::size_t size) {
    const std::size_t from = layout.payload + number * (piece == 0 ? gso_size : piece);
    const std::size_t most = piece == 0 ? size : std::min<std::size_t>(size, piece - layout.payload);
    return from < captured.size() ? captured.subspan(from, std::min(most, captured.size() - from)) : Bytes{};
  };
  for (std::size_t number = 0; number < segments; ++number, to += stride) {
    const std::size_t position = number * gso_size;
    const std::size_t size = std::min<std::size_t>(gso_size, payload - position);
    headers.write(to, {number, position, size, number + 1 == segments});
    const Bytes known = payload_of(number, size);
    if (headers.has_checksum()) {
      if (known.size() == size)
        headers.fill_in(to, known);
      else
        ++counts_.unfilled;
    }
    const Bytes kept = known.first(std::min(known.size(), kept_payload));
    if (kept.size() < std::min(size, kept_payload)) ++counts_.cut;
    put(to + headers.size(), kept);
    add({to, std::min(snap, headers.size() + kept.size())}, headers.size() + size);
  }
  return true;
}

/// Bytes that stay until the next call.
std::byte* Offload::room(std::size_t size) {
  if (buffer_.size() < size) buffer_.resize(size);
  return buffer_.data();
}

void Offload::add(Bytes data, std::size_t original_length) {
  packets_.push_back({data, static_cast<std::uint32_t>(original_length)});
}

}  // namespace pcapml
