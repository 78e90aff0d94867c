// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "format/block.h"
#include "format/format_reader.h"
#include "format/options.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

class PcapngReader final : public Reader::Format {
 public:
  PcapngReader(InputBuffer input, const ReaderOptions& options)
      : Format(std::move(input)), options_(options) {}

  FileFormat format() const override { return FileFormat::pcapng; }

  const Record* next() override {
    const std::uint64_t offset = input_.offset();
    const Bytes head = input_.peek(kBlockOverhead);
    if (head.size() < kBlockOverhead) {
      if (head.empty()) return nullptr;
      fail_truncated(offset, "a block header", kBlockOverhead, head.size());
    }
    if (Cursor(head).be32() == kSectionHeader) begin_section(head, offset);
    section_ = &states_.back();
    std::uint32_t type = 0, length = 0;
    Cursor(head, section_->order).read(type, length);
    if (length < kBlockOverhead || length % 4 != 0 || length > kLongestRecord)
      fail(offset,
           fmt::format("this {} claims a length of {} bytes, which cannot be", block_name(type), length));
    const Bytes whole = input_.peek(length);
    if (whole.size() < length)
      fail_truncated(offset, fmt::format("this {}, or its length is damaged", block_name(type)), length,
                     whole.size());
    if (const std::uint32_t again = Cursor(whole.last(4), section_->order).u32(); again != length)
      fail(offset,
           fmt::format("the two lengths of this {} differ: {} and {}", block_name(type), length, again));
    record_.block = {type, section_->order, whole.subspan(8, length - kBlockOverhead), offset};
    read_block();
    count_packet();
    input_.consume(length);
    return &record_;
  }

  const PacketView& parse_again(Bytes bytes, std::uint32_t interface, std::uint64_t offset) override {
    section_ = &states_[interfaces_[interface].section];
    Cursor cursor(bytes, section_->order);
    const std::uint32_t type = cursor.u32();
    const bool is_packet = type == kEnhancedPacket || type == kSimplePacket || type == kObsoletePacket;
    if (!is_packet || cursor.u32() != bytes.size() || bytes.size() < kBlockOverhead) fail_changed(offset);
    record_.block = {type, section_->order, bytes.subspan(8, bytes.size() - kBlockOverhead), offset};
    read_block();
    if (record_.packet.interface != interface) fail_changed(offset);
    return record_.packet;
  }

 private:
  enum class Legacy : unsigned char { unknown, yes, no };

  struct SectionState {
    ByteOrder order = ByteOrder::little;
    Legacy legacy = Legacy::unknown;
    std::size_t first_interface = 0;
  };

  /// From its header on a section has the byte order of the magic there (draft, section 4.1).
  void begin_section(Bytes head, std::uint64_t offset) {
    SectionState state;
    switch (Cursor(head.subspan(8)).be32()) {
      case kByteOrderMagic: state.order = ByteOrder::big; break;
      case __builtin_bswap32(kByteOrderMagic): state.order = ByteOrder::little; break;
      default: fail(offset, "this Section Header Block lacks the byte-order magic");
    }
    if (options_.legacy_timestamps == LegacyTimestamps::no) state.legacy = Legacy::no;
    state.first_interface = interfaces_.size();
    states_.resize(sections_.size());  // a header that failed before may be tried again
    states_.push_back(state);
  }

  void read_block() {
    switch (record_.block.type) {
      case kSectionHeader: return read_section();
      case kInterfaceDescription: return read_interface();
      case kEnhancedPacket:
      case kObsoletePacket: return read_packet();
      case kSimplePacket: return read_simple();
      default: record_.kind = Record::Kind::block;
    }
  }

  void count_packet() {
    if (record_.kind != Record::Kind::packet) return;
    ++counters_.packets;
    if (record_.block.type == kSimplePacket) ++counters_.simple_packets;
    if (record_.block.type == kObsoletePacket) ++counters_.obsolete_packets;
  }

  [[noreturn]] void fail_block(const std::string& reason) const {
    fail(record_.block.offset, fmt::format("this {} {}", block_name(record_.block.type), reason));
  }

  Bytes options_of(const Cursor& cursor) const {
    const auto options = check_options(cursor.rest(), section_->order);
    if (!options) fail_block("has an option that runs past its end");
    return *options;
  }

  void read_section() {
    Cursor cursor(record_.block.body, section_->order);
    cursor.skip(4);
    const std::uint16_t major = cursor.u16();
    const std::uint16_t minor = cursor.u16();
    cursor.skip(8);  // the section's length: a hint that writers may leave out
    if (!cursor.ok()) fail_block("is too short");
    if (major != 1) fail_block(fmt::format("has version {}.{}, which is not known; 1.x is", major, minor));
    const Bytes options = options_of(cursor);
    add_section({section_->order, {options.begin(), options.end()}, record_.block.offset});
    record_.kind = Record::Kind::section;
  }

  /// Draft, section 4.2.
  void read_interface() {
    Cursor cursor(record_.block.body, section_->order);
    Interface interface;
    interface.section = static_cast<std::uint32_t>(sections_.size() - 1);
    interface.order = section_->order;
    interface.link_type = cursor.u16();
    cursor.skip(2);
    interface.snap_length = cursor.u32();
    if (!cursor.ok()) fail_block("is too short");
    const Bytes options = options_of(cursor);
    interface.options.assign(options.begin(), options.end());
    const OptionsView view = interface.options_view();
    // An option that may stand only once counts where it stands first.
    if (const auto option = timing_option(view, kInterfaceResolution, 1))
      interface.resolution = TimeResolution(Cursor(option->value).u8());
    if (const auto option = timing_option(view, kInterfaceTimeOffset, 8))
      interface.offset_seconds = static_cast<std::int64_t>(Cursor(option->value, section_->order).u64());
    if (const auto option = timing_option(view, kInterfaceTimeOffsetNs, 4))
      interface.offset_ns = static_cast<std::int32_t>(Cursor(option->value, section_->order).u32());
    if (const auto option = view.find(kInterfaceFcsLength)) interface.fcs_bits = Cursor(option->value).u8();
    add_interface(std::move(interface), record_.block.offset);
    record_.kind = Record::Kind::interface;
  }

  /// Without these every time of the interface would be wrong, so their form has to be right.
  std::optional<Option> timing_option(OptionsView options, std::uint16_t code, std::size_t size) const {
    const auto option = options.find(code);
    if (option && option->value.size() != size)
      fail_block(fmt::format("has option {} with {} bytes instead of {}", code, option->value.size(), size));
    return option;
  }

  const Interface& select_interface(std::uint32_t id) {
    const std::size_t count = interfaces_.size() - section_->first_interface;
    if (id >= count)
      fail_block(fmt::format("names interface {}, but {} are described before it in its section", id, count));
    record_.packet.interface_id = id;
    record_.packet.interface = static_cast<std::uint32_t>(section_->first_interface + id);
    return interfaces_[record_.packet.interface];
  }

  void set_time(const Interface& interface, std::uint32_t high, std::uint32_t low) {
    PacketView& packet = record_.packet;
    packet.has_timestamp = true;
    packet.ticks = std::uint64_t{high} << 32 | low;
    if (section_->legacy != Legacy::no && packet.ticks != 0) correct_legacy(interface, high, low);
    set_ns(interface);
  }

  void set_ns(const Interface& interface) {
    PacketView& packet = record_.packet;
    constexpr std::uint64_t kLastMicrosecond = std::numeric_limits<std::int64_t>::max() / 1000;
    if (interface.counts_microseconds() && packet.ticks <= kLastMicrosecond) {
      // Nearly every packet; the general way takes as long as all the rest of the block.
      packet.timestamp_ns = static_cast<std::int64_t>(packet.ticks * 1000);
      return;
    }
    const auto ns = interface.to_ns(packet.ticks);
    if (!ns) fail_block(fmt::format("has a time ({} ticks) beyond the year 2262", packet.ticks));
    packet.timestamp_ns = *ns;
  }

  /// Earlier pcapml versions wrote seconds and microseconds into the two halves; see doc/format.md.
  void correct_legacy(const Interface& interface, std::uint32_t high, std::uint32_t low) {
    constexpr std::uint32_t kYear38500 = 0x10000000;
    const bool forced = options_.legacy_timestamps == LegacyTimestamps::yes;
    const bool fits = interface.counts_microseconds() && low < 1'000'000 && (forced || high >= kYear38500);
    if (section_->legacy == Legacy::unknown) {
      section_->legacy = fits || forced ? Legacy::yes : Legacy::no;
      if (section_->legacy == Legacy::no) return;
      ++counters_.legacy_sections;
    }
    if (!fits)
      fail_block(
          fmt::format("has the time {:#010x} {:#010x}, which is not in seconds and microseconds as those "
                      "before it in its section are; try --legacy-timestamps no",
                      high, low));
    record_.packet.ticks = std::uint64_t{high} * 1'000'000 + low;
  }

  void begin_packet() {
    record_.kind = Record::Kind::packet;
    record_.packet.offset = record_.block.offset;
    record_.packet.size = static_cast<std::uint32_t>(record_.block.body.size() + kBlockOverhead);
    record_.packet.drop_count = PacketView::kDropsUnknown;
  }

  /// Draft, section 4.3, and appendix A for the obsolete form.
  void read_packet() {
    begin_packet();
    PacketView& packet = record_.packet;
    Cursor cursor(record_.block.body, section_->order);
    std::uint32_t id = 0, high = 0, low = 0, captured = 0;
    if (record_.block.type == kObsoletePacket) {
      std::uint16_t short_id = 0;
      cursor.read(short_id, packet.drop_count);
      id = short_id;
    } else {
      cursor.read(id);
    }
    cursor.read(high, low, captured, packet.original_length);
    packet.data = cursor.take(captured);
    cursor.skip(std::min(padded(captured) - captured, cursor.remaining()));
    if (!cursor.ok()) fail_block(fmt::format("claims {} captured bytes, more than it holds", captured));
    packet.options = {cursor.empty() ? Bytes{} : options_of(cursor), section_->order};
    set_time(select_interface(id), high, low);
  }

  /// Draft, section 4.4: belongs to interface 0, cut at its snap length.
  void read_simple() {
    begin_packet();
    PacketView& packet = record_.packet;
    Cursor cursor(record_.block.body, section_->order);
    packet.original_length = cursor.u32();
    const Interface& interface = select_interface(0);
    const std::uint32_t captured = interface.snap_length == 0
                                       ? packet.original_length
                                       : std::min(packet.original_length, interface.snap_length);
    packet.data = cursor.take(captured);
    if (!cursor.ok()) fail_block(fmt::format("claims {} captured bytes, more than it holds", captured));
    packet.options = {{}, section_->order};
    packet.has_timestamp = false;
    packet.ticks = 0;
    set_ns(interface);  // as it will read once it is written as an Enhanced Packet Block
  }

  ReaderOptions options_;
  std::vector<SectionState> states_;
  SectionState* section_ = nullptr;  ///< of the block in hand
};

}  // namespace

std::unique_ptr<Reader::Format> make_pcapng_reader(InputBuffer input, const ReaderOptions& options) {
  return std::make_unique<PcapngReader>(std::move(input), options);
}

}  // namespace pcapml
