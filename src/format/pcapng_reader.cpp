// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "format/block.h"
#include "format/format_reader.h"
#include "format/options.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

class PcapngReader final : public Reader::Format {
 public:
  PcapngReader(InputBuffer input, const ReaderOptions& options) : Format(std::move(input)), options_(options) {}

  FileFormat format() const override { return FileFormat::pcapng; }

  const Record* next() override {
    const std::uint64_t offset = input_.offset();
    const Bytes head = input_.peek(kBlockOverhead);
    if (head.empty()) return nullptr;
    if (head.size() < kBlockOverhead) fail_truncated(offset, "a block header", kBlockOverhead, head.size());
    Cursor head_cursor(head, order_);
    const std::uint32_t type = head_cursor.u32();
    if (type == kSectionHeader) order_ = section_order(head, offset);
    const std::uint32_t length = Cursor(head.subspan(4), order_).u32();
    if (length < kBlockOverhead || length % 4 != 0)
      fail(offset, fmt::format("a block of type {:#x} claims a length of {} bytes", type, length));
    const Bytes whole = input_.peek(length);
    if (whole.size() < length)
      fail_truncated(offset, "a block (or its length is damaged)", length, whole.size());
    if (Cursor(whole.last(4), order_).u32() != length)
      fail(offset, fmt::format("the two lengths of a block of type {:#x} differ: {} and {}", type, length,
                               Cursor(whole.last(4), order_).u32()));
    record_.block = {type, order_, whole.subspan(8, length - kBlockOverhead), offset};
    read_block();
    input_.consume(length);
    return &record_;
  }

 private:
  /// The byte order that a Section Header Block's magic shows (draft, section 4.1).
  ByteOrder section_order(Bytes head, std::uint64_t offset) const {
    Cursor magic(head.subspan(8), ByteOrder::little);
    switch (magic.u32()) {
      case kByteOrderMagic: return ByteOrder::little;
      case __builtin_bswap32(kByteOrderMagic): return ByteOrder::big;
      default: fail(offset, "a section header without the byte-order magic");
    }
  }

  void read_block() {
    switch (record_.block.type) {
      case kSectionHeader: return read_section();
      case kInterfaceDescription: return read_interface();
      case kEnhancedPacket: return read_enhanced();
      case kSimplePacket: return read_simple();
      case kObsoletePacket: return read_obsolete();
      default: record_.kind = Record::Kind::block;
    }
  }

  Bytes options_of(const Cursor& cursor) const {
    const auto options = check_options(cursor.rest(), order_);
    if (!options)
      fail(record_.block.offset, fmt::format("an option of a block of type {:#x} runs past its end", record_.block.type));
    return *options;
  }

  [[noreturn]] void fail_short() const {
    fail(record_.block.offset, fmt::format("a block of type {:#x} is too short", record_.block.type));
  }

  void read_section() {
    Cursor cursor(record_.block.body, order_);
    cursor.skip(4);
    const std::uint16_t major = cursor.u16();
    const std::uint16_t minor = cursor.u16();
    cursor.skip(8);  // the section's length: a hint that writers may leave out
    if (!cursor.ok()) fail_short();
    if (major != 1) fail(record_.block.offset, fmt::format("pcapng version {}.{} is not known; 1.x is", major, minor));
    const Bytes options = options_of(cursor);
    sections_.push_back({order_, {options.begin(), options.end()}, record_.block.offset});
    first_interface_ = interfaces_.size();
    legacy_ = options_.legacy_timestamps == LegacyTimestamps::yes   ? Legacy::yes
              : options_.legacy_timestamps == LegacyTimestamps::no ? Legacy::no
                                                                   : Legacy::unknown;
    record_.kind = Record::Kind::section;
  }

  void read_interface() {
    Cursor cursor(record_.block.body, order_);
    Interface interface;
    interface.section = static_cast<std::uint32_t>(sections_.size() - 1);
    interface.order = order_;
    interface.link_type = cursor.u16();
    cursor.skip(2);
    interface.snap_length = cursor.u32();
    if (!cursor.ok()) fail_short();
    const Bytes options = options_of(cursor);
    interface.options.assign(options.begin(), options.end());
    for (const Option& option : OptionsView(options, order_)) {
      Cursor value(option.value, order_);
      switch (option.code) {
        case kInterfaceResolution: interface.resolution = TimeResolution(value.u8()); break;
        case kInterfaceFcsLength: interface.fcs_bits = value.u8(); break;
        case kInterfaceTimeOffset: interface.offset_seconds = static_cast<std::int64_t>(value.u64()); break;
        default: break;
      }
      if (!value.ok())
        fail(record_.block.offset, fmt::format("option {} of an interface is too short", option.code));
    }
    interfaces_.push_back(std::move(interface));
    record_.kind = Record::Kind::interface;
  }

  const Interface& select_interface(std::uint32_t id) {
    if (id >= interfaces_.size() - first_interface_)
      fail(record_.block.offset, fmt::format("a packet names interface {}, but its section has only {}", id,
                                             interfaces_.size() - first_interface_));
    record_.packet.interface_id = id;
    record_.packet.interface = static_cast<std::uint32_t>(first_interface_ + id);
    return interfaces_[record_.packet.interface];
  }

  void set_time(const Interface& interface, std::uint32_t high, std::uint32_t low) {
    PacketView& packet = record_.packet;
    packet.has_timestamp = true;
    packet.ticks = std::uint64_t{high} << 32 | low;
    if (legacy_ != Legacy::no && packet.ticks != 0) correct_legacy(interface, high, low);
    const auto ns = interface.resolution.to_ns(packet.ticks, interface.offset_seconds);
    if (!ns) fail(packet.offset, fmt::format("the time of a packet ({} ticks) lies beyond the year 2262", packet.ticks));
    packet.timestamp_ns = *ns;
  }

  /// Earlier pcapml versions wrote seconds and microseconds into the two halves; see doc/format.md.
  void correct_legacy(const Interface& interface, std::uint32_t high, std::uint32_t low) {
    constexpr std::uint32_t kYear38500 = 0x10000000;
    if (legacy_ == Legacy::unknown) {
      const bool split = interface.resolution == TimeResolution::micro() && interface.offset_seconds == 0 &&
                         high >= kYear38500 && low < 1'000'000;
      legacy_ = split ? Legacy::yes : Legacy::no;
      if (split) ++counters_.legacy_sections;
    }
    if (legacy_ == Legacy::no) return;
    if (low >= 1'000'000)
      fail(record_.packet.offset, fmt::format("the section has split timestamps (seconds, microseconds), but this "
                                              "packet has {} microseconds; try --legacy-timestamps no", low));
    record_.packet.ticks = std::uint64_t{high} * 1'000'000 + low;
  }

  void begin_packet() {
    record_.kind = Record::Kind::packet;
    record_.packet.offset = record_.block.offset;
    record_.packet.drop_count = 0;
  }

  /// Draft, section 4.3.
  void read_enhanced() {
    begin_packet();
    Cursor cursor(record_.block.body, order_);
    const std::uint32_t id = cursor.u32();
    const std::uint32_t high = cursor.u32();
    const std::uint32_t low = cursor.u32();
    read_data(cursor, id, high, low);
  }

  void read_data(Cursor& cursor, std::uint32_t id, std::uint32_t high, std::uint32_t low) {
    PacketView& packet = record_.packet;
    const std::uint32_t captured = cursor.u32();
    packet.original_length = cursor.u32();
    packet.data = cursor.take(captured);
    cursor.skip(std::min(padded(captured) - captured, cursor.remaining()));
    if (!cursor.ok())
      fail(packet.offset, fmt::format("a packet claims {} captured bytes, more than its block holds", captured));
    packet.options = {cursor.empty() ? Bytes{} : options_of(cursor), order_};
    set_time(select_interface(id), high, low);
    ++counters_.packets;
  }

  /// Draft, section 4.4: belongs to interface 0, cut at its snap length.
  void read_simple() {
    begin_packet();
    PacketView& packet = record_.packet;
    Cursor cursor(record_.block.body, order_);
    packet.original_length = cursor.u32();
    const Interface& interface = select_interface(0);
    const std::uint32_t captured = interface.snap_length == 0
                                       ? packet.original_length
                                       : std::min(packet.original_length, interface.snap_length);
    packet.data = cursor.take(captured);
    if (!cursor.ok())
      fail(packet.offset, fmt::format("a simple packet claims {} bytes, more than its block holds", captured));
    packet.options = {{}, order_};
    packet.has_timestamp = false;
    packet.ticks = 0;
    packet.timestamp_ns = 0;
    ++counters_.packets;
    ++counters_.simple_packets;
  }

  /// Draft, appendix A.
  void read_obsolete() {
    begin_packet();
    Cursor cursor(record_.block.body, order_);
    const std::uint16_t id = cursor.u16();
    record_.packet.drop_count = cursor.u16();
    const std::uint32_t high = cursor.u32();
    const std::uint32_t low = cursor.u32();
    read_data(cursor, id, high, low);
    ++counters_.obsolete_packets;
  }

  enum class Legacy { unknown, yes, no };

  ReaderOptions options_;
  ByteOrder order_ = ByteOrder::little;
  Legacy legacy_ = Legacy::unknown;
  std::size_t first_interface_ = 0;
};

}  // namespace

std::unique_ptr<Reader::Format> make_pcapng_reader(InputBuffer input, const ReaderOptions& options) {
  return std::make_unique<PcapngReader>(std::move(input), options);
}

}  // namespace pcapml
