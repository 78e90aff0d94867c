// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dataset/capture_input.h"
#include "pcapml/summary.h"

namespace pcapml {

/// Gathers what a capture says of itself from its records. Takes every record once, in file order.
class FileDescriber {
 public:
  void section(const Section& section);
  void interface(const Interface& interface);
  void block(const BlockView& block);
  /// Counts a packet and the drops that it reports; `options` are those beside its label.
  void packet(const PacketView& packet, Bytes options_before_label, Bytes options_after_label);

  /// The description; warnings go to `warnings`.
  FileDescription finish(std::vector<std::string>& warnings) &&;

 private:
  void statistics(const BlockView& block);
  void names(const BlockView& block);
  void add_name(Bytes address, std::size_t length, std::string_view names);
  void drops(std::uint32_t interface, std::uint64_t count);
  void drops_in(std::uint32_t interface, Bytes options, ByteOrder order);

  FileDescription file_;
  std::map<std::string, std::size_t> block_places_;
  std::uint64_t section_base_ = 0;  // interfaces before the current section
  std::uint64_t malformed_ = 0;     // blocks of a known type that cannot be read
  std::uint64_t foreign_statistics_ = 0;
};

}  // namespace pcapml
