// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_numbers.h"

#include <algorithm>

#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::size_t kKnownComments = 4096;
constexpr std::size_t kLongestKnown = 256;  // bounds the memory of what is remembered

}  // namespace

LabelNumbers::LabelNumbers(const std::vector<LabelRenaming>& map) : names_(1), known_(kKnownComments) {
  for (const auto& line : map) map_.emplace(line.from, Renaming{line});
}

std::uint32_t LabelNumbers::find(const PacketLabel& label) {
  std::uint32_t number = kNoLabel;
  if (label.comment.size() > kLongestKnown) {
    number = read(*label.label);
  } else {
    Known& known = known_[keyed_hash(label.comment) % kKnownComments];
    if (known.comment != label.comment) {
      known.number = read(*label.label);
      known.comment = label.comment;
    }
    number = known.number;
  }
  last_comment_ = label.comment;
  last_number_ = number;
  return number;
}

std::uint32_t LabelNumbers::read(const LabelView& view) {
  std::string scratch;
  const std::string_view name = label_name(view, scratch);
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  const auto renaming = map_.find(name);
  if (renaming != map_.end()) renaming->second.used = true;
  const std::string& to = renaming == map_.end() ? std::string(name) : renaming->second.line.to;
  const auto [entry, added] = renamed_.emplace(to, static_cast<std::uint32_t>(names_.size()));
  if (added) names_.push_back(to);
  return numbers_.emplace(name, entry->second).first->second;
}

std::vector<LabelRenaming> LabelNumbers::unused() const {
  std::vector<LabelRenaming> result;
  for (const auto& [from, renaming] : map_)
    if (!renaming.used) result.push_back(renaming.line);
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return result;
}

}  // namespace pcapml
