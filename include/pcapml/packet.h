// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// Length of a timestamp's tick, as `if_tsresol` has it (pcapng draft, section 4.2).
class TimeResolution {
 public:
  constexpr TimeResolution() = default;
  /// From the option's byte: the exponent, of 2 where the highest bit is set, else of 10.
  explicit constexpr TimeResolution(std::uint8_t tsresol) : tsresol_(tsresol) {}

  static constexpr TimeResolution micro() { return TimeResolution{6}; }
  static constexpr TimeResolution nano() { return TimeResolution{9}; }

  std::uint8_t tsresol() const { return tsresol_; }
  bool is_binary() const { return (tsresol_ & 0x80) != 0; }
  int exponent() const { return tsresol_ & 0x7f; }
  bool finer_than_micro() const { return is_binary() ? exponent() >= 20 : exponent() > 6; }

  /// Nanoseconds since the epoch, rounded down; nullopt beyond the year 2262 (64-bit nanoseconds).
  std::optional<std::int64_t> to_ns(std::uint64_t ticks, std::int64_t offset_seconds) const;
  /// The first tick that reads as this time, or the last before it where none does; nullopt where no 64-bit
  /// count of ticks stands for it.
  std::optional<std::uint64_t> to_ticks(std::int64_t timestamp_ns, std::int64_t offset_seconds) const;

  bool operator==(const TimeResolution&) const = default;

 private:
  std::uint8_t tsresol_ = 6;
};

/// One option of a pcapng block (draft, section 3.5). Borrows.
struct Option {
  std::uint16_t code;
  Bytes value;
  std::string_view text() const { return as_text(value); }
};

/// A list of options whose form was checked when it was read. Borrows; holds no opt_endofopt.
class OptionsView {
 public:
  OptionsView() = default;
  OptionsView(Bytes checked, ByteOrder order) : bytes_(checked), order_(order) {}

  class iterator {
   public:
    iterator(Bytes rest, ByteOrder order) : rest_(rest), order_(order) { read(); }
    const Option& operator*() const { return option_; }
    const Option* operator->() const { return &option_; }
    iterator& operator++() {
      rest_ = rest_.subspan(size_);
      read();
      return *this;
    }
    bool operator!=(const iterator& other) const { return rest_.size() != other.rest_.size(); }
    /// The option with its header and padding.
    Bytes encoded() const { return rest_.first(size_); }

   private:
    void read();
    Bytes rest_;
    std::size_t size_ = 0;
    ByteOrder order_;
    Option option_{};
  };

  iterator begin() const { return {bytes_, order_}; }
  iterator end() const { return {{}, order_}; }
  bool empty() const { return bytes_.empty(); }
  ByteOrder order() const { return order_; }
  /// The options as they stand in the file.
  Bytes encoded() const { return bytes_; }
  /// The first option of this code.
  std::optional<Option> find(std::uint16_t code) const;

 private:
  Bytes bytes_;
  ByteOrder order_ = ByteOrder::little;
};

/// One section of a file; a pcap file counts as one section. A value.
struct Section {
  ByteOrder order = ByteOrder::little;
  std::vector<std::byte> options;  ///< of the Section Header Block; empty for pcap
  std::uint64_t offset = 0;        ///< of its block in the uncompressed file

  OptionsView options_view() const { return {options, order}; }
};

/// One interface of a section; a pcap file has exactly one. A value.
struct Interface {
  std::uint32_t section = 0;      ///< index into Reader::sections()
  std::uint16_t link_type = 0;    ///< LINKTYPE_ value
  std::uint32_t snap_length = 0;  ///< 0: no limit
  TimeResolution resolution;
  std::int64_t offset_seconds = 0;  ///< if_tsoffset
  std::int32_t offset_ns = 0;       ///< if_tsoffset_ns
  std::uint8_t fcs_bits = 0;        ///< if_fcslen; 0: not told
  ByteOrder order = ByteOrder::little;
  std::vector<std::byte> options;  ///< as in the Interface Description Block

  OptionsView options_view() const { return {options, order}; }
  /// Ticks are microseconds since the epoch.
  bool counts_microseconds() const {
    return resolution == TimeResolution::micro() && offset_seconds == 0 && offset_ns == 0;
  }
  /// TimeResolution's conversions with the offsets of this interface.
  std::optional<std::int64_t> to_ns(std::uint64_t ticks) const;
  std::optional<std::uint64_t> to_ticks(std::int64_t timestamp_ns) const;
};

/// One packet as the file has it. Borrows; dies at the next call on the reader.
struct PacketView {
  std::int64_t timestamp_ns = 0;      ///< since the epoch; the file's resolution and offset are applied
  std::uint64_t ticks = 0;            ///< the same in the interface's own ticks
  std::uint32_t interface = 0;        ///< index into Reader::interfaces()
  std::uint32_t interface_id = 0;     ///< the number that its section gives it
  std::uint32_t original_length = 0;  ///< bytes on the wire
  Bytes data;                         ///< bytes captured
  OptionsView options;                ///< draft, section 4.3
  std::uint64_t offset = 0;           ///< of its block in the uncompressed file
  std::uint32_t size = 0;             ///< of the whole block there
  bool has_timestamp = true;          ///< false for a Simple Packet Block, which gets tick 0
  std::uint16_t drop_count = kDropsUnknown;  ///< of an obsolete Packet Block; other blocks have an option

  /// What an obsolete Packet Block says where it does not know (draft, appendix A).
  static constexpr std::uint16_t kDropsUnknown = 0xffff;
};

/// A block of a pcapng file, body without type and lengths. Borrows.
struct BlockView {
  std::uint32_t type = 0;
  ByteOrder order = ByteOrder::little;
  Bytes body;
  std::uint64_t offset = 0;  ///< in the uncompressed file
};

}  // namespace pcapml
