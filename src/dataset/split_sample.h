// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/sample_capture.h"
#include "dataset/sample_files.h"
#include "dataset/sample_metadata.h"
#include "dataset/saved_state.h"
#include "format/pcap_writer.h"

namespace pcapml {

/// One file of a split, and what is known of it.
struct SplitCapture {
  std::uint16_t link_type = 0;
  std::string name;
  std::optional<PcapWriter> pcap;  ///< one of both
  std::optional<SamplePcapng> pcapng;
  CaptureMetadata metadata;
};

/// A sample of a split. Its files borrow from the SampleFiles that they were opened in.
struct SplitSample {
  std::uint64_t number = 0;  ///< in the order of first packets
  SampleMetadata metadata;
  std::vector<SplitCapture> captures;  ///< one for each link type; one in all as pcapng

  void save(StateWriter& state) const;
  /// From what save() wrote. Opens the files again.
  static SplitSample load(StateReader state, SampleFiles& files);
  /// The id alone of what save() wrote.
  static std::string id_of(StateReader state);
  std::size_t memory_bytes() const;
};

}  // namespace pcapml
