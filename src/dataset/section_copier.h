// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "format/pcapng_writer.h"
#include "pcapml/reader.h"

namespace pcapml {

/// shb_userappl of this program, encoded, for sections that it begins itself.
std::vector<std::byte> application_option(ByteOrder order);

/// Copies sections, interfaces and other blocks of captures as they are; the caller writes the packets.
/// Captures in pcap format that follow each other share a section while their interfaces are alike.
class SectionCopier {
 public:
  explicit SectionCopier(PcapngWriter& writer, bool link_ethernet = false)
      : writer_(writer), link_ethernet_(link_ethernet) {}

  /// Copies any record that is no packet.
  void copy(const Record& record, const Reader& reader);

 private:
  void copy_pcap_interface(const Interface& interface);

  PcapngWriter& writer_;
  bool link_ethernet_;
  bool shares_pcap_section_ = false;
  Interface shared_interface_;
};

}  // namespace pcapml
