// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pcapml/dataset.h"

namespace pcapml {

struct StripRequest {
  std::string input;
  std::string output;
  OutputFormat format = OutputFormat::pcap;
  bool link_ethernet = false;  ///< a synthetic Ethernet header before raw IP packets
  InputOptions input_options;
  OutputOptions output_options;
};

struct StripResult {
  InputReport report;
  std::uint64_t packets = 0;  ///< written
  std::uint64_t labels = 0;   ///< taken out
};

/// Takes the labels out of a capture. As pcap it keeps packets, lengths and times; as pcapng everything but
/// the labels. Throws DataError where packets of two link types would share one pcap file.
StripResult strip(const StripRequest& request);

}  // namespace pcapml
