// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataset/distinct_count.h"
#include "label/packet_label.h"
#include "pcapml/summary.h"

namespace pcapml {

/// Finds the group of each packet by its label, and counts the samples of each group.
///
/// Packets that follow each other mostly share their label, so what a comment meant is remembered for a
/// bounded number of comments. Memory grows by group and by sample id. Not thread-safe.
class LabelGroups {
 public:
  static constexpr std::uint32_t kUnlabeled = 0;
  static constexpr std::uint32_t kWithoutKey = 1;

  explicit LabelGroups(std::string key);

  /// The number of a packet's group.
  std::uint32_t group_of(const PacketLabel& label) {
    if (!label.label) return kUnlabeled;
    if (label.comment == last_comment_) return last_group_;
    return find(label);
  }

  struct Group {
    SummaryGroup::Kind kind;
    std::string name;
  };
  const std::vector<Group>& groups() const { return groups_; }
  /// Sample ids of each group.
  DistinctCount<std::uint64_t>& samples() { return samples_; }

 private:
  struct Known {
    std::uint64_t hash = 0;
    std::uint32_t group = kUnlabeled;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return keyed_hash(text); }
  };
  using TextNumbers = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

  std::uint32_t find(const PacketLabel& label);
  std::uint32_t read(const LabelView& label);
  std::uint32_t group_named(std::string_view name);
  std::uint64_t sample_key(std::string_view id);

  std::string key_;
  std::vector<Group> groups_;
  TextNumbers numbers_;   // of groups, by name
  TextNumbers long_ids_;  // sample ids that are no 63-bit number
  DistinctCount<std::uint64_t> samples_;
  std::vector<Known> known_;  // by hash of the comment; 64 keyed bits tell comments apart
  std::string last_comment_;
  std::uint32_t last_group_ = kUnlabeled;
};

}  // namespace pcapml
