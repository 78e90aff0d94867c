// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataset/capture_input.h"
#include "dataset/flow_numbers.h"
#include "dataset/reading_progress.h"
#include "dataset/section_copier.h"
#include "io/output_stream.h"
#include "join/claims.h"
#include "join/orphans.h"
#include "join/timeline.h"
#include "label/old_label.h"
#include "net/flow_finder.h"
#include "pcapml/join.h"

namespace pcapml {

/// Reads captures, gives each packet the label of its record, and writes what is kept. Borrows all that it is
/// given.
class Joiner {
 public:
  Joiner(const JoinRequest& request, const FlowRecords& records, const FlowRules& rules, Claims& claims,
         ReadingProgress& progress, OutputStream& out, OrphanFiles& orphans, JoinReport& report);

  void join(const InputFile& file);
  /// Adds what was counted over all captures.
  void finish();

 private:
  /// Of a 5-tuple, both directions being one: whether it came, and whether with a packet that got a label.
  enum FlowMark : unsigned char { kNotSeen, kSeen, kMatched };

  void packet(const PacketView& packet, const Interface& interface);
  Claims::Verdict verdict(const PacketView& packet, const Interface& interface);
  FlowMark& mark_of(const FlowKey& key, const FlowRules::Patterns& patterns);
  void count(const Claims::Verdict& verdict, const PacketView& packet);
  const std::string& comment(const Claims::Verdict& verdict);

  const JoinRequest& request_;
  const FlowRecords& records_;
  const FlowRules& rules_;
  Claims& claims_;
  ReadingProgress& progress_;
  PcapngWriter writer_;
  SectionCopier copier_;
  OrphanFiles& orphans_;
  JoinReport& report_;
  InnerPacketFinder finder_;
  std::vector<FlowMark> known_flows_;  // whose whole 5-tuple the table has: by FlowRules::Patterns::exact
  FlowNumbers other_numbers_;
  std::vector<FlowMark> other_flows_;  // by number
  Timeline timeline_;
  std::vector<std::string> encoded_labels_;
  std::vector<JoinCount> by_label_;
  std::string comment_;
  OldLabel old_label_;
  std::uint32_t comment_record_ = FlowRules::kNone;
};

}  // namespace pcapml
