// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pcapml/dataset.h"

namespace pcapml {

struct SortRequest {
  std::string input;
  std::string output;
  InputOptions input_options;
  OutputOptions output_options;
};

struct SortResult {
  InputReport report;
  std::uint64_t packets = 0;
  std::uint64_t samples = 0;    ///< distinct sample ids
  std::uint64_t unlabeled = 0;  ///< packets without a label; they come last
};

/// Sorts the packets of a capture by sample id (as a number), then time, then original order, into one pcapng
/// section. Memory: 64 bytes for each packet, and a fixed amount.
SortResult sort(const SortRequest& request);

}  // namespace pcapml
