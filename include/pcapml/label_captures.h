// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "pcapml/dataset.h"
#include "pcapml/flows.h"
#include "pcapml/name_resolver.h"

namespace pcapml {

/// What one sample is.
enum class SampleUnit : unsigned char {
  rule,  ///< all packets of a rule, or of the rules that share a hash key
  flow,  ///< each flow under a rule's sample; packets without a flow share one
};

struct LabelRequest {
  std::string input;  ///< a capture, or a directory of captures
  std::string rules;  ///< label file; empty: packets keep the labels they have (with `resolve`)
  std::string output;
  bool keep_unmatched = false;  ///< keep packets that no rule matches, without a label
  bool keep_old = false;        ///< a label that is replaced stays as the new one's `was=`
  bool covered_rules = false;   ///< warn of rules that can never match because of earlier ones
  SampleUnit sample = SampleUnit::rule;
  bool resolve = false;      ///< add `dst=` where the name of the flow's remote end is known
  bool name_source = false;  ///< add `dst_source=`, too
  FlowOptions flows;
  ResolverLimits resolver;
  InputOptions input_options;
  OutputOptions output_options;
};

/// What became of one rule.
struct RuleCount {
  std::size_t line = 0;
  std::size_t sample_id = 0;  ///< with SampleUnit::rule
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
  SampleUnit sample = SampleUnit::rule;
  std::uint64_t samples = 0;          ///< with SampleUnit::flow: samples made
  std::uint64_t named_packets = 0;    ///< that gained `dst=`
  std::uint64_t flows_forgotten = 0;  ///< because there were more at a time than FlowOptions::max_flows
  std::uint64_t fragmented_packets_incomplete = 0;  ///< whose IP fragments did not all come
  std::optional<ResolverCounters> names;            ///< with `resolve`
};

/// Labels every packet with the first rule that matches it and writes pcapng; sections, interfaces and all
/// other blocks stay. Throws UsageError for a wrong label file, before any packet is read.
///
/// With `resolve` files are read twice, so that a name stands on all packets of its flow; where they changed
/// between, DataError. A pipe is read once, and a packet has the name that was known when it came.
LabelResult label_captures(const LabelRequest& request);

}  // namespace pcapml
