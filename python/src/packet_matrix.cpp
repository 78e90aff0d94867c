// SPDX-License-Identifier: Apache-2.0
#include "packet_matrix.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "net/ip_protocol.h"
#include "pcapml/cursor.h"
#include "pcapml/error.h"

namespace pcapml::python {
namespace {

using Layer = PacketLayout::Layer;

struct LayerShape {
  std::string_view name;
  std::size_t width;  ///< of the longest header
};

constexpr std::array<LayerShape, 6> kLayers{
    {{"ipv4", 60}, {"ipv6", 40}, {"tcp", 60}, {"udp", 8}, {"icmp", 8}, {"payload", 0}}};

/// Of each byte its bits, highest first.
constexpr auto kBitsOf = [] {
  std::array<std::array<std::int8_t, 8>, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned i = 0; i < 8; ++i) table[byte][i] = static_cast<std::int8_t>((byte >> (7 - i)) & 1u);
  return table;
}();

using Header = std::array<std::byte, 60>;

/// A copy of a header, of which fields become zero as far as they are there.
class Editor {
 public:
  explicit Editor(Bytes header) : size_(std::min(header.size(), bytes_.size())) {
    std::copy_n(header.begin(), size_, bytes_.begin());
  }
  void clear(std::size_t offset, std::size_t length) {
    for (std::size_t i = offset; i < std::min(offset + length, size_); ++i) bytes_[i] = std::byte{0};
  }
  void keep_bits(std::size_t offset, std::byte kept) {
    if (offset < size_) bytes_[offset] &= kept;
  }
  Bytes bytes() const { return Bytes(bytes_).first(size_); }

 private:
  Header bytes_{};
  std::size_t size_;
};

// RFC 791, 3.1
void mask_ipv4(Editor& header, const MaskedFields& masked) {
  if (masked.ip_id) header.clear(4, 2);
  if (masked.ttl) header.clear(8, 1);
  if (masked.checksums) header.clear(10, 2);
  if (masked.addresses) header.clear(12, 8);
}

// RFC 8200, 3
void mask_ipv6(Editor& header, const MaskedFields& masked) {
  if (masked.flow_label) {
    header.keep_bits(1, std::byte{0xf0});
    header.clear(2, 2);
  }
  if (masked.ttl) header.clear(7, 1);
  if (masked.addresses) header.clear(8, 32);
}

// RFC 9293, 3.1
void mask_tcp_options(Editor& header, const MaskedFields& masked) {
  constexpr std::uint8_t kEnd = 0, kNop = 1, kSack = 5, kTimestamps = 8;  // RFC 2018, 3; RFC 7323, 3.2
  const Header copy = [&] {
    Header all{};
    std::copy_n(header.bytes().begin(), header.bytes().size(), all.begin());
    return all;
  }();
  Cursor at(Bytes(copy).first(header.bytes().size()));
  at.skip(20);
  while (at.ok() && !at.empty()) {
    const auto kind = at.u8();
    if (kind == kEnd) return;
    if (kind == kNop) continue;
    const std::size_t length = at.u8();
    if (!at.ok() || length < 2) return;
    if ((kind == kTimestamps && masked.tcp_timestamps) || (kind == kSack && masked.tcp_sequence))
      header.clear(at.position(), length - 2);
    at.skip(length - 2);
  }
}

void mask_tcp(Editor& header, const MaskedFields& masked) {
  if (masked.ports) header.clear(0, 4);
  if (masked.tcp_sequence) header.clear(4, 8);
  if (masked.checksums) header.clear(16, 2);
  mask_tcp_options(header, masked);
}

// RFC 768
void mask_udp(Editor& header, const MaskedFields& masked) {
  if (masked.ports) header.clear(0, 4);
  if (masked.checksums) header.clear(6, 2);
}

// RFC 792; RFC 4443, 2.1
void mask_icmp(Editor& header, const MaskedFields& masked) {
  if (masked.checksums) header.clear(2, 2);
}

/// The captured bytes of the layer's header; empty where the packet has none.
Bytes header_of(Layer layer, const Headers& headers, Bytes ip) {
  const Bytes from_network = ip.subspan(headers.network_offset);
  const Bytes transport =
      ip.subspan(headers.transport_offset, headers.payload_offset - headers.transport_offset);
  const auto version = headers.flow.source.version;
  const auto protocol = headers.flow.protocol;
  switch (layer) {
    case Layer::ipv4: {
      if (version != 4) return {};
      const std::size_t length = (Cursor(from_network).u8() & 0x0fu) * std::size_t{4};
      return from_network.first(std::min(length, from_network.size()));
    }
    case Layer::ipv6:
      return version == 6 ? from_network.first(std::min<std::size_t>(40, from_network.size())) : Bytes{};
    case Layer::tcp: return protocol == kProtocolTcp ? transport : Bytes{};
    case Layer::udp: return protocol == kProtocolUdp ? transport : Bytes{};
    case Layer::icmp: return protocol == kProtocolIcmp || protocol == kProtocolIcmpv6 ? transport : Bytes{};
    case Layer::payload: return ip.subspan(headers.payload_offset);
  }
  return {};
}

}  // namespace

MaskedFields masked_fields(const std::vector<std::string>& names) {
  MaskedFields fields;
  const std::pair<std::string_view, bool*> known[] = {{"addresses", &fields.addresses},
                                                      {"ports", &fields.ports},
                                                      {"ip_id", &fields.ip_id},
                                                      {"flow_label", &fields.flow_label},
                                                      {"ttl", &fields.ttl},
                                                      {"checksums", &fields.checksums},
                                                      {"tcp_sequence", &fields.tcp_sequence},
                                                      {"tcp_timestamps", &fields.tcp_timestamps},
                                                      {"server_name", &fields.hello.server_name},
                                                      {"client_random", &fields.hello.client_random},
                                                      {"session_id", &fields.hello.session_id}};
  for (const std::string& name : names) {
    const auto* found = std::find_if(std::begin(known), std::end(known),
                                     [&](const auto& field) { return field.first == name; });
    if (found == std::end(known)) throw UsageError("no field to mask is called '" + name + "'");
    *found->second = true;
  }
  return fields;
}

PacketLayout::PacketLayout(const std::vector<std::string>& layers, std::uint32_t payload_bytes) {
  for (const std::string& name : layers) {
    const auto* found = std::find_if(kLayers.begin(), kLayers.end(),
                                     [&](const LayerShape& shape) { return shape.name == name; });
    if (found == kLayers.end()) throw UsageError("no layer is called '" + name + "'");
    const auto layer = static_cast<Layer>(found - kLayers.begin());
    if (std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) { return part.layer == layer; }))
      throw UsageError("layer '" + name + "' is named twice");
    const std::size_t width = layer == Layer::payload ? payload_bytes : found->width;
    parts_.push_back({layer, width_, width});
    width_ += width;
  }
}

const PacketLayout::Part* PacketLayout::payload() const {
  for (const Part& part : parts_)
    if (part.layer == Layer::payload) return &part;
  return nullptr;
}

void MatrixRows::put(std::size_t row, std::size_t column, Bytes bytes) {
  if (bytes.empty()) return;
  const std::size_t at = row * width_ + column;
  if (bits_ == nullptr) {
    std::memcpy(values_ + at, bytes.data(), bytes.size());
    if (present_ != nullptr) std::fill_n(present_ + at, bytes.size(), true);
    return;
  }
  std::int8_t* bit = bits_ + at * 8;
  for (const std::byte byte : bytes) {
    std::memcpy(bit, kBitsOf[std::to_integer<std::size_t>(byte)].data(), 8);
    bit += 8;
  }
}

void MatrixRows::clear(std::size_t row, std::size_t column, std::size_t size) {
  const std::size_t at = row * width_ + column;
  if (bits_ == nullptr) {
    std::memset(values_ + at, 0, size);
  } else {
    std::memset(bits_ + at * 8, 0, size * 8);
  }
}

PacketMatrix::PacketMatrix(PacketLayout layout, MaskedFields masked, MatrixRows rows)
    : layout_(std::move(layout)),
      masked_(masked),
      rows_(rows),
      hellos_(masked.hello, [this](std::size_t row, std::size_t offset, std::size_t size) {
        const PacketLayout::Part* part = layout_.payload();
        if (offset >= part->width) return;
        rows_.clear(row, part->column + offset, std::min(size, part->width - offset));
      }) {}

void PacketMatrix::add(std::size_t row, std::uint16_t link_type, Bytes packet) {
  const auto headers = parse_headers(link_type, packet);
  if (!headers) return;
  const Bytes ip = packet.first(headers->network_offset + headers->ip_captured);
  for (const PacketLayout::Part& part : layout_.parts()) {
    const Bytes bytes = header_of(part.layer, *headers, ip);
    if (bytes.empty()) continue;
    if (part.layer == Layer::payload) {
      rows_.put(row, part.column, bytes.first(std::min(bytes.size(), part.width)));
    } else {
      put_header(row, part, bytes);
    }
  }
  if (masked_.hello.any() && layout_.payload() != nullptr) hellos_.add(*headers, packet, row);
}

void PacketMatrix::put_header(std::size_t row, const PacketLayout::Part& part, Bytes header) {
  Editor editor(header.first(std::min(header.size(), part.width)));
  switch (part.layer) {
    case Layer::ipv4: mask_ipv4(editor, masked_); break;
    case Layer::ipv6: mask_ipv6(editor, masked_); break;
    case Layer::tcp: mask_tcp(editor, masked_); break;
    case Layer::udp: mask_udp(editor, masked_); break;
    case Layer::icmp: mask_icmp(editor, masked_); break;
    case Layer::payload: break;
  }
  rows_.put(row, part.column, editor.bytes());
}

}  // namespace pcapml::python
