// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "format/block.h"
#include "format/format_reader.h"
#include "format/options.h"
#include "format/pcap.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

class PcapReader final : public Reader::Format {
 public:
  explicit PcapReader(InputBuffer input) : Format(std::move(input)) {}

  FileFormat format() const override { return FileFormat::pcap; }

  const Record* next() override {
    switch (state_) {
      case State::begin:
        read_header();
        record_.kind = Record::Kind::section;
        state_ = State::header_read;
        return &record_;
      case State::header_read:
        record_.kind = Record::Kind::interface;
        state_ = State::packets;
        return &record_;
      case State::packets: break;
    }
    return read_packet();
  }

  const PacketView& parse_again(Bytes bytes, std::uint32_t /*interface*/, std::uint64_t offset) override {
    if (bytes.size() < record_header_size_ || parse_header(bytes, offset) != bytes.size())
      fail_changed(offset);
    set_place(bytes, offset);
    return record_.packet;
  }

 private:
  enum class State { begin, header_read, packets };

  void read_header() {
    const Bytes header = input_.peek(kPcapHeaderSize);
    order_ = is_known(Cursor(header).le32()) ? ByteOrder::little : ByteOrder::big;
    Cursor cursor(header, order_);
    const std::uint32_t magic = cursor.u32();
    const std::uint16_t major = cursor.u16();
    const std::uint16_t minor = cursor.u16();
    cursor.skip(8);  // zone and sigfigs: no writer fills them
    const std::uint32_t snap_length = cursor.u32();
    const std::uint32_t link = cursor.u32();
    if (!cursor.ok()) fail_truncated(0, "the file header", kPcapHeaderSize, header.size());
    if (major != 2) fail(4, fmt::format("pcap version {}.{} is not known; 2.x is", major, minor));
    record_header_size_ = magic == kPcapKuznetzov ? kPcapRecordSize + 8 : kPcapRecordSize;
    lengths_ = minor < 3 ? Lengths::original_first : minor == 3 ? Lengths::unsure : Lengths::captured_first;
    nano_ = magic == kPcapNano;

    Interface interface;
    interface.link_type = static_cast<std::uint16_t>(link & kPcapLinkMask);
    interface.snap_length = snap_length;
    interface.resolution = nano_ ? TimeResolution::nano() : TimeResolution::micro();
    if ((link & kPcapFcsPresent) != 0)
      interface.fcs_bits = static_cast<std::uint8_t>((link >> kPcapFcsShift) * 16);
    interface.order = order_;
    // What the file header says, as the options that say it in pcapng.
    OptionList options(interface.order);
    if (nano_) options.add_u8(kInterfaceResolution, interface.resolution.tsresol());
    if (interface.fcs_bits != 0) options.add_u8(kInterfaceFcsLength, interface.fcs_bits);
    interface.options = std::move(options).take();
    add_section({interface.order, {}, 0});
    add_interface(std::move(interface), 0);
    input_.consume(kPcapHeaderSize);
  }

  static bool is_known(std::uint32_t magic) {
    return magic == kPcapMicro || magic == kPcapNano || magic == kPcapKuznetzov;
  }

  const Record* read_packet() {
    const std::uint64_t offset = input_.offset();
    Bytes bytes = input_.peek(record_header_size_);
    if (bytes.size() < record_header_size_) {
      if (bytes.empty()) return nullptr;
      fail_truncated(offset, "a packet header", record_header_size_, bytes.size());
    }
    const std::size_t size = parse_header(bytes, offset);
    bytes = input_.peek(size);
    if (bytes.size() < size)
      fail_truncated(offset, "this packet, or its length is damaged", size, bytes.size());
    set_place(bytes, offset);
    input_.consume(size);
    ++counters_.packets;
    record_.kind = Record::Kind::packet;
    return &record_;
  }

  /// Takes what a packet's header says, and gives the size of header and packet.
  std::size_t parse_header(Bytes bytes, std::uint64_t offset) {
    Cursor cursor(bytes, order_);
    std::uint32_t seconds = 0, fraction = 0, captured = 0, original = 0;
    cursor.read(seconds, fraction, captured, original);
    if (lengths_ != Lengths::captured_first && (lengths_ == Lengths::original_first || captured > original))
      std::swap(captured, original);
    if (captured > kLongestRecord)
      fail(offset, fmt::format("this packet claims {} bytes, more than any packet has", captured));
    PacketView& packet = record_.packet;
    // A fraction above one second is odd but well defined.
    packet.ticks = std::uint64_t{seconds} * (nano_ ? 1'000'000'000 : 1'000'000) + fraction;
    packet.timestamp_ns = static_cast<std::int64_t>(nano_ ? packet.ticks : packet.ticks * 1000);
    packet.original_length = original;
    return record_header_size_ + captured;
  }

  void set_place(Bytes bytes, std::uint64_t offset) {
    PacketView& packet = record_.packet;
    packet.data = bytes.subspan(record_header_size_);
    packet.offset = offset;
    packet.size = static_cast<std::uint32_t>(bytes.size());
  }

  /// Versions before 2.3 wrote the original length first, writers of 2.3 did either; the captured one is
  /// never the larger there.
  enum class Lengths : unsigned char { captured_first, original_first, unsure };

  State state_ = State::begin;
  ByteOrder order_ = ByteOrder::little;
  std::size_t record_header_size_ = kPcapRecordSize;
  Lengths lengths_ = Lengths::captured_first;
  bool nano_ = false;
};

}  // namespace

bool is_pcap_magic(std::uint32_t magic) {
  for (const std::uint32_t known : {kPcapMicro, kPcapNano, kPcapKuznetzov})
    if (magic == known || magic == __builtin_bswap32(known)) return true;
  return false;
}

std::unique_ptr<Reader::Format> make_pcap_reader(InputBuffer input) {
  return std::make_unique<PcapReader>(std::move(input));
}

}  // namespace pcapml
