// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "format/pcap_writer.h"

namespace pcapml {

/// Finds the one header that a pcap file has for the packets of several interfaces: nanoseconds where one of
/// them is finer than microseconds, the largest snap length.
class PcapFileShape {
 public:
  /// An interface that the input describes.
  void add(const Interface& interface);
  /// The header for packets of this link type, from the interfaces so far.
  PcapShape choose(std::uint16_t link_type);
  /// The header of a file without packets.
  PcapShape choose();
  /// Whether an interface came since that needs another header.
  bool grew() const { return chosen_ && known_.at(chosen_->link_type) != *chosen_; }
  /// Forgets the choice, not what was learnt.
  void begin_again() { chosen_.reset(); }
  /// Throws DataError where a packet of this interface cannot stand in the chosen file.
  void check(const Interface& interface, const std::string& input) const;

 private:
  std::map<std::uint16_t, PcapShape> known_;
  std::optional<std::uint16_t> first_;
  std::optional<PcapShape> chosen_;
};

}  // namespace pcapml
