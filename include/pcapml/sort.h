// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pcapml/dataset.h"

namespace pcapml {

struct SortRequest {
  std::string input;
  std::string output;
  InputOptions input_options;
  OutputOptions output_options;
  MemoryOptions memory = {};
};

struct SortResult {
  InputReport report;
  std::uint64_t packets = 0;
  std::uint64_t samples = 0;    ///< distinct sample ids
  std::uint64_t unlabeled = 0;  ///< packets without a label; they come last
};

/// Sorts the packets of a capture by sample id (as a number), then time, then original order, into one pcapng
/// section, whose bytes do not depend on the memory. Throws UsageError for less than 16 MiB of it.
///
/// What does not fit is sorted in runs that are merged, with temporary files of the size of the input;
/// DataError before the work where there is no room for them, std::system_error where that shows later. On
/// top of the memory come what codecs of compressed files take, and packets of many megabytes, a few at a
/// time.
SortResult sort(const SortRequest& request);

}  // namespace pcapml
