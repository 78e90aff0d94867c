// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pcapml/dataset.h"

namespace pcapml {

struct MergeRequest {
  std::vector<std::string> inputs;  ///< captures, and directories of captures
  std::string output;
  InputOptions input_options;
  OutputOptions output_options;
};

struct MergeResult {
  InputReport report;
  std::uint64_t inputs = 0;
  std::uint64_t packets = 0;
  std::uint64_t samples = 0;
  std::uint64_t unlabeled = 0;
};

/// Joins captures into one dataset in time order: sample ids are numbered anew, input by input, so that no
/// two inputs share one, and each label gains `session=<file stem>` unless it names its session already.
/// Memory: 32 bytes for each packet, and a fixed amount.
MergeResult merge(const MergeRequest& request);

}  // namespace pcapml
