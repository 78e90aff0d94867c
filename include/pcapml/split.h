// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pcapml/dataset.h"

namespace pcapml {

struct SplitRequest {
  std::string input;
  std::string output;  ///< directory; its parent has to exist
  OutputFormat format = OutputFormat::pcap;
  bool force = false;          ///< replace a directory that is not empty
  bool link_ethernet = false;  ///< a synthetic Ethernet header before raw IP packets
  InputOptions input_options;
  MemoryOptions memory = {};
};

struct SplitResult {
  InputReport report;
  std::uint64_t packets = 0;  ///< written
  std::uint64_t samples = 0;
  std::uint64_t files = 0;      ///< captures written; more than samples where one has two link types
  std::uint64_t unlabeled = 0;  ///< packets without a label, left out
};

/// Writes one capture for each sample, and `metadata.csv`, into a directory that appears only when complete.
/// Throws UsageError where the directory is not empty and `force` is not set. What does not
/// fit into the memory lies in temporary files; on top of it comes the largest sample that has several
/// labels.
SplitResult split(const SplitRequest& request);

}  // namespace pcapml
