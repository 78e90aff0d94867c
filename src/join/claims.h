// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "join/flow_records.h"
#include "label/flow_rules.h"
#include "pcapml/join.h"

namespace pcapml {

/// Says of each packet which record it is of, and counts what that tells of the records. Borrows both.
class Claims {
 public:
  Claims(const FlowRecords& records, const FlowRules& rules, Conflicts conflicts);

  struct Verdict {
    std::uint32_t record = FlowRules::kNone;     ///< whose label the packet gets; kNone: none
    std::uint32_t label = FlowRecord::kNoLabel;  ///< the record's
    bool is_claimed = false;
    bool is_conflict = false;  ///< records of different labels claim it
  };
  /// Fetches from memory what a claim will need, without waiting for it.
  void prefetch(const FlowRules::Patterns& patterns) const {
    for (const FlowRules::SpanRange range : patterns) __builtin_prefetch(&spans_[range.first]);
  }
  /// Counts the packet.
  Verdict claim(const FlowKey& packet, std::int64_t time_ns, const FlowRules::Spans& spans);

  /// Adds what became of records and conflicts; the report has its labels already.
  void add_to(JoinReport& report) const;
  /// Whether a packet was in a window of the record; for all records.
  std::vector<bool> have_packets() const;

 private:
  /// Of each span of the rules.
  struct SpanState {
    std::uint64_t packets = 0;  // that are in no other pattern's span
    std::uint32_t record = FlowRules::kNone;
    std::uint32_t label_and_conflict = 0;  // the record's label; the highest bit: of different labels
    bool is_conflict() const { return (label_and_conflict & kConflict) != 0; }
    std::uint32_t label() const { return label_and_conflict & ~kConflict; }
    static constexpr std::uint32_t kConflict = 0x80000000;
  };
  /// What several spans, of patterns with different parts, together say.
  struct Several {
    Verdict verdict;
    std::uint64_t packets = 0;
  };
  struct Counts {
    std::vector<std::uint64_t> claimed, conflicting;  // by span
    std::vector<std::uint64_t> taken;                 // by record
  };
  struct RecordCounts {
    std::uint64_t claimed = 0, conflicting = 0;
  };

  class Judge;
  class ConflictTeller;

  Several& settle(const FlowKey& packet, std::int64_t time_ns, const FlowRules::Spans& spans);
  Counts counts() const;
  std::vector<RecordCounts> record_counts(const Counts& counts) const;
  void add_conflicts(const Counts& counts, JoinReport& report) const;

  const FlowRecords& records_;
  const FlowRules& rules_;
  Conflicts policy_;
  std::vector<SpanState, LargePages<SpanState>> spans_;
  std::map<std::vector<std::uint32_t>, Several> several_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace pcapml
