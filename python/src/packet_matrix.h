// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hello_mask.h"
#include "pcapml/headers.h"

namespace pcapml::python {

/// What becomes zero. Only bytes that are there; lengths, option kinds and everything else stay.
struct MaskedFields {
  bool addresses = false;       ///< source and destination of IPv4 and IPv6
  bool ports = false;           ///< of TCP and UDP
  bool ip_id = false;           ///< IPv4 identification
  bool flow_label = false;      ///< of IPv6
  bool ttl = false;             ///< IPv4 time to live, IPv6 hop limit
  bool checksums = false;       ///< of IPv4, TCP, UDP, ICMP
  bool tcp_sequence = false;    ///< sequence and acknowledgment numbers, also those of SACK blocks
  bool tcp_timestamps = false;  ///< both values of the timestamps option
  HelloParts hello;
};

/// Names of the fields of MaskedFields. Throws UsageError for another one.
MaskedFields masked_fields(const std::vector<std::string>& names);

/// Which bytes of a packet a row has: for each layer its longest header, or so many bytes of payload.
class PacketLayout {
 public:
  /// Throws UsageError for a layer that is not known or named twice.
  PacketLayout(const std::vector<std::string>& layers, std::uint32_t payload_bytes);

  enum class Layer : std::uint8_t { ipv4, ipv6, tcp, udp, icmp, payload };
  struct Part {
    Layer layer;
    std::size_t column;
    std::size_t width;
  };

  const std::vector<Part>& parts() const { return parts_; }
  std::size_t width() const { return width_; }
  const Part* payload() const;

 private:
  std::vector<Part> parts_;
  std::size_t width_ = 0;
};

/// Where rows are written; absent bytes are left as they are.
class MatrixRows {
 public:
  /// A byte a column, and whether it is there; `present` may be null.
  static MatrixRows bytes(std::uint8_t* values, bool* present, std::size_t width) {
    return {values, present, nullptr, width};
  }
  /// A bit a column, highest bit first.
  static MatrixRows bits(std::int8_t* values, std::size_t width) { return {nullptr, nullptr, values, width}; }

  void put(std::size_t row, std::size_t column, Bytes bytes);
  void clear(std::size_t row, std::size_t column, std::size_t size);

 private:
  MatrixRows(std::uint8_t* values, bool* present, std::int8_t* bit_values, std::size_t width)
      : values_(values), present_(present), bits_(bit_values), width_(width) {}

  std::uint8_t* values_;
  bool* present_;
  std::int8_t* bits_;
  std::size_t width_;  // bytes
};

/// Writes packets into rows. All packets must outlive it, as a ClientHello may be masked backwards.
class PacketMatrix {
 public:
  PacketMatrix(PacketLayout layout, MaskedFields masked, MatrixRows rows);
  PacketMatrix(const PacketMatrix&) = delete;
  PacketMatrix& operator=(const PacketMatrix&) = delete;

  void add(std::size_t row, std::uint16_t link_type, Bytes packet);

 private:
  void put_header(std::size_t row, const PacketLayout::Part& part, Bytes header);

  PacketLayout layout_;
  MaskedFields masked_;
  MatrixRows rows_;
  HelloMask hellos_;
};

}  // namespace pcapml::python
