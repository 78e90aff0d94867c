// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pcapml/dataset.h"

namespace pcapml {

struct LabelRequest {
  std::string input;  ///< a capture, or a directory of captures
  std::string rules;  ///< label file
  std::string output;
  bool keep_unmatched = false;  ///< keep packets that no rule matches, without a label
  InputOptions input_options;
  OutputOptions output_options;
};

/// What became of one rule.
struct RuleCount {
  std::size_t line = 0;
  std::size_t sample_id = 0;
  std::string label;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  ///< on the wire
};

struct LabelResult {
  InputReport report;
  std::vector<RuleCount> rules;
  std::uint64_t matched = 0;
  std::uint64_t matched_bytes = 0;  ///< on the wire
  std::uint64_t unmatched = 0;      ///< left out, unless kept
  std::uint64_t unmatched_bytes = 0;
  bool kept_unmatched = false;
  std::uint64_t replaced_labels = 0;  ///< packets that had a label before
  std::uint64_t skipped_files = 0;    ///< files below the directory that are no captures
};

/// Labels every packet with the first rule that matches it and writes pcapng; sections, interfaces and all
/// other blocks stay. Throws UsageError for a wrong label file, before any packet is read.
LabelResult label_captures(const LabelRequest& request);

}  // namespace pcapml
