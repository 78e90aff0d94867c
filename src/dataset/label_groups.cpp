// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_groups.h"

#include <charconv>
#include <limits>

namespace pcapml {
namespace {

constexpr std::size_t kKnownComments = 32768;

/// The field by which packets are grouped. Earlier versions wrote `dir` where it is `d` today.
const std::string* field_of(const Label& label, const std::string& key) {
  const std::string* value = label.field(key);
  return value == nullptr && key == "d" ? label.field("dir") : value;
}

}  // namespace

LabelGroups::LabelGroups(std::string key) : key_(std::move(key)), known_(kKnownComments) {
  if (key_ == "proc") key_ = "label";
  groups_.push_back({SummaryGroup::Kind::unlabeled, "<unlabeled>"});
  groups_.push_back({SummaryGroup::Kind::without_key, "<no " + key_ + ">"});
  if (key_ == "dir") key_ = "d";
}

std::uint32_t LabelGroups::find(const PacketLabel& label) {
  const std::uint64_t hash = keyed_hash(label.comment);
  Known& known = known_[hash % kKnownComments];
  if (known.hash != hash || known.group == kUnlabeled) known = {hash, read(*label.label)};
  last_comment_ = label.comment;
  last_group_ = known.group;
  return known.group;
}

std::uint32_t LabelGroups::read(const LabelView& view) {
  std::uint32_t group = kWithoutKey;
  if (key_ == "label") {
    std::string scratch;
    group = group_named(label_name(view, scratch));
  } else {
    const Label label = decode_label(view);
    if (const std::string* value = field_of(label, key_)) group = group_named(*value);
  }
  samples_.add(sample_key(view.sample_id), group);
  return group;
}

std::uint32_t LabelGroups::group_named(std::string_view name) {
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(groups_.size());
  groups_.push_back({SummaryGroup::Kind::named, std::string(name)});
  numbers_.emplace(name, number);
  return number;
}

/// A number of its own for each id: the id itself, or beyond 63 bits one that counts down from the highest.
std::uint64_t LabelGroups::sample_key(std::string_view id) {
  id = canonical_sample_id(id);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error == std::errc{} && number <= std::numeric_limits<std::uint64_t>::max() / 2) return number;
  auto found = long_ids_.find(id);
  if (found == long_ids_.end())
    found = long_ids_.emplace(id, static_cast<std::uint32_t>(long_ids_.size())).first;
  return std::numeric_limits<std::uint64_t>::max() - found->second;
}

}  // namespace pcapml
