// SPDX-License-Identifier: Apache-2.0
#include "dataset/file_describer.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataset/link_type_name.h"
#include "format/block.h"
#include "format/options.h"
#include "pcapml/cursor.h"
#include "pcapml/headers.h"

namespace pcapml {
namespace {

// What a file can make the description hold; real files stay far below.
constexpr std::size_t kMostSections = 1000;
constexpr std::size_t kMostInterfaces = 4096;
constexpr std::size_t kMostBlockTypes = 64;
constexpr std::size_t kMostNames = 1000;
constexpr std::size_t kMostComments = 100;

/// Text of an option; some writers count a closing zero into it.
std::string text_of(const Option& option) {
  std::string_view text = option.text();
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  return std::string(text);
}

void set_first(std::string& into, const Option& option) {
  if (into.empty()) into = text_of(option);
}

void add_comment(std::vector<std::string>& comments, const Option& option) {
  if (comments.size() < kMostComments) comments.push_back(text_of(option));
}

/// Draft, section 4.2: the first byte tells the kind, of which only 0, a libpcap filter, is text.
std::string filter_of(const Option& option) {
  Cursor cursor(option.value);
  if (cursor.u8() == 0) return std::string(as_text(cursor.rest()));
  return fmt::format("({} bytes of bytecode)", cursor.remaining());
}

std::string hardware_address(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes)
    text += fmt::format("{}{:02x}", text.empty() ? "" : ":", std::to_integer<unsigned>(byte));
  return text;
}

std::string ip_address(Bytes bytes, std::uint8_t version) {
  IpAddress address;
  address.version = version;
  std::transform(bytes.begin(), bytes.end(), address.bytes.begin(), std::to_integer<std::uint8_t>);
  return to_string(address);
}

}  // namespace

void FileDescriber::section(const Section& section) {
  section_base_ = file_.interface_count;
  ++file_.section_count;
  if (file_.sections.size() == kMostSections) return;
  SectionDescription& described = file_.sections.emplace_back();
  described.order = section.order;
  for (const Option& option : section.options_view()) {
    switch (option.code) {
      case kComment: add_comment(described.comments, option); break;
      case kSectionHardware: set_first(described.hardware, option); break;
      case kSectionOs: set_first(described.os, option); break;
      case kSectionApplication: set_first(described.application, option); break;
      default: break;
    }
  }
}

void FileDescriber::interface(const Interface& interface) {
  ++file_.interface_count;
  if (file_.interfaces.size() == kMostInterfaces) return;
  InterfaceDescription& described = file_.interfaces.emplace_back();
  described.section = interface.section;
  described.link_type = interface.link_type;
  described.link_type_name = link_type_name(interface.link_type);
  described.snap_length = interface.snap_length;
  described.resolution = interface.resolution;
  described.offset_seconds = interface.offset_seconds;
  described.offset_ns = interface.offset_ns;
  for (const Option& option : interface.options_view()) {
    switch (option.code) {
      case kComment: add_comment(described.comments, option); break;
      case kInterfaceName: set_first(described.name, option); break;
      case kInterfaceDescriptionText: set_first(described.description, option); break;
      case kInterfaceFilter:
        if (described.filter.empty()) described.filter = filter_of(option);
        break;
      case kInterfaceOs: set_first(described.os, option); break;
      case kInterfaceHardware: set_first(described.hardware, option); break;
      default: break;
    }
  }
}

void FileDescriber::block(const BlockView& block) {
  std::uint32_t enterprise = 0;
  const bool custom = block.type == kCustom || block.type == kCustomNoCopy;
  if (custom) enterprise = Cursor(block.body, block.order).u32();
  auto found = block_places_.find({block.type, enterprise});
  if (found == block_places_.end()) {
    const bool full = file_.blocks.size() >= kMostBlockTypes;
    if (!full || file_.blocks.size() == kMostBlockTypes) {
      std::string name =
          custom ? fmt::format("Custom Block of enterprise {}", enterprise) : block_name(block.type);
      file_.blocks.push_back({full ? "block of another type" : std::move(name), 0});
    }
    const std::size_t place = file_.blocks.size() - 1;
    if (full) {
      ++file_.blocks[place].count;
    } else {
      found = block_places_.emplace(std::pair{block.type, enterprise}, place).first;
    }
  }
  if (found != block_places_.end()) ++file_.blocks[found->second].count;

  if (block.type == kInterfaceStatistics && !read_statistics(block)) ++malformed_;
  if (block.type == kNameResolution && !read_names(block)) ++malformed_;
}

/// Draft, section 4.6. Counts run from the start of the capture, so the last block has the truth.
bool FileDescriber::read_statistics(const BlockView& block) {
  Cursor body(block.body, block.order);
  const std::uint64_t id = body.u32();
  body.skip(8);  // time
  const auto options = check_options(body.rest(), block.order);
  if (!body.ok() || !options || id >= file_.interface_count - section_base_) return false;
  const std::uint64_t place = section_base_ + id;
  if (place >= file_.interfaces.size()) return true;
  InterfaceDescription& interface = file_.interfaces[place];
  bool good = true;
  for (const Option& option : OptionsView(*options, block.order)) {
    std::optional<std::uint64_t>* count = option.code == kStatisticsReceived ? &interface.received
                                          : option.code == kStatisticsDropped
                                              ? &interface.dropped_by_interface
                                          : option.code == kStatisticsOsDropped ? &interface.dropped_by_os
                                                                                : nullptr;
    if (count == nullptr) continue;
    Cursor value(option.value, block.order);
    const std::uint64_t number = value.u64();
    good = good && value.ok();
    if (value.ok()) *count = number;
  }
  return good;
}

/// Draft, section 4.5.
bool FileDescriber::read_names(const BlockView& block) {
  enum : std::uint16_t { kEnd = 0, kIpv4 = 1, kIpv6 = 2, kEui48 = 3, kEui64 = 4 };
  Cursor body(block.body, block.order);
  while (body.ok() && !body.empty()) {
    const auto type = body.u16();
    const auto length = body.u16();
    Cursor record(body.take(length));
    body.skip(padded(length) - length);
    if (!body.ok()) return false;
    std::string address;
    switch (type) {
      case kEnd: return true;
      case kIpv4: address = ip_address(record.take(4), 4); break;
      case kIpv6: address = ip_address(record.take(16), 6); break;
      case kEui48: address = hardware_address(record.take(6)); break;
      case kEui64: address = hardware_address(record.take(8)); break;
      default: continue;
    }
    if (!record.ok()) return false;
    add_names(std::move(address), record.rest());
  }
  return body.ok();
}

void FileDescriber::add_names(std::string address, Bytes names) {
  ++file_.name_count;
  if (file_.names.size() == kMostNames) return;
  KnownName& known = file_.names.emplace_back();
  known.address = std::move(address);
  for (std::string_view rest = as_text(names); !rest.empty() && known.names.size() < kMostComments;) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    if (end > 0) known.names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void FileDescriber::find_drops(const PacketView& packet, Bytes options) {
  const ByteOrder order = packet.options.order();
  for (const Option& option : OptionsView(options, order)) {
    if (option.code != kPacketDropCount) continue;
    Cursor value(option.value, order);
    const std::uint64_t count = value.u64();
    if (value.ok()) {
      add_drops(packet.interface, count);
    } else {
      ++malformed_;
    }
  }
}

void FileDescriber::add_drops(std::uint32_t interface, std::uint64_t count) {
  if (interface >= file_.interfaces.size()) return;
  auto& drops = file_.interfaces[interface].dropped_between_packets;
  drops = drops.value_or(0) + count;
}

FileDescription FileDescriber::finish(std::vector<std::string>& warnings) && {
  if (malformed_ > 0)
    warnings.push_back(
        fmt::format("{} that the file reports of itself (statistics, names, drop counts) could not be "
                    "read and {} left out",
                    malformed_ == 1 ? "1 thing" : fmt::format("{} things", malformed_),
                    malformed_ == 1 ? "was" : "were"));
  return std::move(file_);
}

}  // namespace pcapml
