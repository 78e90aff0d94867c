// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dataset/capture_input.h"
#include "dataset/reading_progress.h"
#include "net/flow_finder.h"
#include "net/open_table.h"
#include "pcapml/label.h"
#include "pcapml/label_captures.h"
#include "pcapml/rules.h"

namespace pcapml {

/// What flows add to the labels of their packets: a sample of their own, and the name of their remote end.
class FlowLabels {
 public:
  explicit FlowLabels(const LabelRequest& request);

  /// Reads the captures for the names in them; packet() then knows them from a flow's first packet on.
  void read_ahead(const std::vector<InputFile>& files, ReadingProgress& progress);

  /// The next packet, in the order in which the files are labelled.
  void packet(const PacketView& packet, std::uint16_t link_type);

  /// No more packets of this file. Throws DataError where it held others when it was read ahead.
  void end(const InputFile& file);

  /// The comment that the packet just given gets from a rule. Lives until the next call.
  const std::string& comment(const Rule& rule);

  /// The comment that the packet just given gets in place of one with this label, which it borrows.
  const std::string& comment(const LabelView& label, std::string_view comment);

  /// Adds what was counted.
  void add_to(LabelResult& result) const;

 private:
  /// What a file held: times, lengths and the first bytes of its packets, in order.
  struct Content {
    std::uint64_t packets = 0;
    std::uint64_t mixed = 0;
    void add(const PacketView& packet);
    bool operator==(const Content&) const = default;
  };

  /// What comment_ was made of.
  struct Made {
    const Rule* rule = nullptr;
    std::uint32_t flow = 0;
    std::string name;  // a copy: while packets come, the resolver forgets names and takes others
    NameSource source = NameSource::none;
  };

  std::uint32_t sample_of(std::size_t rule_sample);
  NameResolver::Name flow_name();
  bool add_name(const LabelView& label, const NameResolver::Name& name);

  const LabelRequest& request_;
  FlowFinder finder_;
  NameResolver resolver_;
  bool read_ahead_ = false;
  std::vector<std::uint32_t> flows_;  // of all packets, from reading ahead; empty where too many
  std::size_t next_flow_ = 0;         // in flows_
  std::vector<Content> ahead_;        // of the files that are still to come, the next one last
  Content content_;                   // of the file so far
  std::uint32_t flow_;                // of the packet just given
  std::uint32_t named_flow_;          // whose name is name_
  NameResolver::Name name_;
  OpenTable<std::uint64_t, std::uint32_t> samples_;  // by flow and rule
  Made made_;
  bool made_named_ = false;
  std::string comment_;
  std::uint64_t named_packets_ = 0;
  std::uint64_t full_labels_ = 0;
};

}  // namespace pcapml
