// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "label/packet_label.h"
#include "pcapml/summary.h"

namespace pcapml {

/// Gathers what a capture says of itself. Takes every record once, in file order. Not thread-safe.
class FileDescriber {
 public:
  void section(const Section& section);
  void interface(const Interface& interface);
  void block(const BlockView& block);

  /// Counts a packet and the drops that it reports.
  void packet(const PacketView& packet, const PacketLabel& label) {
    if (packet.interface < file_.interfaces.size()) ++file_.interfaces[packet.interface].packets;
    if (!label.before.empty()) find_drops(packet, label.before);
    if (!label.after.empty()) find_drops(packet, label.after);
    if (packet.drop_count != PacketView::kDropsUnknown) add_drops(packet.interface, packet.drop_count);
  }

  /// The description; what could not be understood is added to `warnings`.
  FileDescription finish(std::vector<std::string>& warnings) &&;

 private:
  bool read_statistics(const BlockView& block);
  bool read_names(const BlockView& block);
  void add_names(std::string address, Bytes names);
  void find_drops(const PacketView& packet, Bytes options);
  void add_drops(std::uint32_t interface, std::uint64_t count);

  FileDescription file_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> block_places_;  // by type and enterprise
  std::uint64_t section_base_ = 0;  // interfaces before the current section
  std::uint64_t malformed_ = 0;
};

}  // namespace pcapml
