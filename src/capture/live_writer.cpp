// SPDX-License-Identifier: Apache-2.0
#include "capture/live_writer.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <cstring>

#include "format/block.h"
#include "format/options.h"
#include "pcapml/headers.h"

namespace pcapml {
namespace {

constexpr std::uint32_t kInbound = 1, kOutbound = 2;  // pcapng draft, section 4.3.1

template <class T>
void put(std::vector<std::byte>& to, T value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

/// Times are two 32-bit halves, the high one first.
void put_time(std::vector<std::byte>& to, std::int64_t time_ns) {
  const auto ticks = static_cast<std::uint64_t>(time_ns);
  put(to, static_cast<std::uint32_t>(ticks >> 32));
  put(to, static_cast<std::uint32_t>(ticks));
}

}  // namespace

LiveWriter::LiveWriter(LiveFile& file, std::uint32_t snap_length, bool ethernet)
    : file_(file), writer_(file), ethernet_(ethernet) {
  shape_.link_type = kLinkRaw;
  shape_.snap_length = snap_length;
  shape_.resolution = TimeResolution::nano();
  shape_.order = kNativeOrder;
}

void LiveWriter::section(const std::string& command_line) {
  utsname system{};
  uname(&system);
  OptionList options(kNativeOrder);
  options.add(kSectionHardware, std::string_view(system.machine));
  options.add(kSectionOs, fmt::format("{} {} {}", system.sysname, system.release, system.version));
  options.add(kSectionApplication, std::string_view("pcapml " PCAPML_VERSION));
  options.add(kComment, fmt::format("{}{}", kHostComment, system.nodename));
  if (!command_line.empty()) options.add(kComment, fmt::format("command: {}", command_line).substr(0, 60000));
  used_.clear();
  writer_.section(kNativeOrder, options.bytes());
}

void LiveWriter::name_interface(const pcapml_interface_event& event) {
  names_[{event.netns, event.interface}] = std::string(event.name, strnlen(event.name, sizeof event.name));
}

LiveWriter::Used& LiveWriter::used(const Key& key) {
  const auto [it, added] = used_.try_emplace(key);
  if (!added) return it->second;
  it->second.id = writer_.interface_count();
  const auto name = names_.find(key);
  OptionList options(kNativeOrder);
  options.add(kInterfaceName,
              name != names_.end() && !name->second.empty() ? name->second : fmt::format("if{}", key.second));
  options.add(kInterfaceDescriptionText,
              fmt::format("network namespace {}, interface {}{}", key.first, key.second,
                          ethernet_ ? ", synthetic Ethernet headers" : ""));
  options.add_u8(kInterfaceResolution, shape_.resolution.tsresol());
  Interface interface = shape_;
  interface.options = std::move(options).take();
  writer_.interface(ethernet_ ? with_ethernet(interface) : interface);
  return it->second;
}

void LiveWriter::process(const ProcessInfo& info) {
  writer_.block(kCustom, process_block_body(info, kNativeOrder));
}

void LiveWriter::packet(const Packet& packet) {
  Used& interface = used({packet.netns, packet.interface});
  ++interface.packets;
  PacketView view;
  view.timestamp_ns = packet.timestamp_ns;
  view.ticks = static_cast<std::uint64_t>(packet.timestamp_ns);
  view.original_length = packet.original_length;
  view.data = packet.data;
  if (ethernet_) view = synthetic_.apply(shape_, view);
  writer_.packet(interface.id, view, {{}, packet.comment, options_of(packet)});
}

/// Mostly those of the packet before in its direction.
Bytes LiveWriter::options_of(const Packet& packet) {
  Options& last = last_options_[packet.direction == PCAPML_EGRESS ? 1 : 0];
  if (!last.encoded.empty() && last.pid == packet.pid && last.tid == packet.tid && last.lost_before == 0 &&
      packet.lost_before == 0)
    return last.encoded;
  OptionList options(kNativeOrder);
  options.add_u32(kPacketFlags, packet.direction == PCAPML_EGRESS ? kOutbound : kInbound);
  if (packet.lost_before > 0) options.add_u64(kPacketDropCount, packet.lost_before);
  if (packet.pid != 0) {
    const std::uint32_t ids[] = {packet.pid, packet.tid};
    options.add(kPacketProcessThread, std::as_bytes(std::span(ids)));
  }
  last = {packet.pid, packet.tid, packet.lost_before, std::move(options).take()};
  return last.encoded;
}

void LiveWriter::statistics(std::uint32_t netns, std::uint32_t interface, std::int64_t start_ns,
                            std::int64_t end_ns, std::uint64_t lost) {
  const Used& used_interface = used({netns, interface});
  std::vector<std::byte> body;
  put(body, used_interface.id);
  put_time(body, end_ns);
  OptionList options(kNativeOrder);
  std::vector<std::byte> start, end;
  put_time(start, start_ns);
  put_time(end, end_ns);
  options.add(kStatisticsStart, start);
  options.add(kStatisticsEnd, end);
  options.add_u64(kStatisticsOsDropped, lost);
  options.add_u64(kStatisticsDelivered, used_interface.packets);
  options.add(kEndOfOptions, Bytes{});
  body.insert(body.end(), options.bytes().begin(), options.bytes().end());
  writer_.block(kInterfaceStatistics, body);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> LiveWriter::interfaces() const {
  std::vector<Key> keys;
  for (const auto& [key, value] : used_) keys.push_back(key);
  return keys;
}

}  // namespace pcapml
