// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "format/pcap_writer.h"

namespace pcapml {

/// The one pcap header for each link type that holds the packets of all interfaces met: nanoseconds where one
/// of them is finer than microseconds, the largest snap length.
class PcapShapes {
 public:
  void add(const Interface& interface);
  /// Precondition: an interface of this link type was added.
  const PcapShape& of(std::uint16_t link_type) const { return known_.at(link_type); }
  /// The header of a file without packets.
  PcapShape first() const;

 private:
  std::map<std::uint16_t, PcapShape> known_;
  std::optional<std::uint16_t> first_;
};

/// DataError: times finer than the header says would be cut, and the input cannot be read again.
[[noreturn]] void throw_late_resolution(const std::string& input);

}  // namespace pcapml
