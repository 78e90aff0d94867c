// SPDX-License-Identifier: Apache-2.0
#include "net/name_table.h"

#include <algorithm>
#include <limits>

namespace pcapml {

NameTable::NameTable(std::size_t limit)
    : limit_(std::min<std::size_t>(limit, std::numeric_limits<std::uint32_t>::max())), next_(limit_) {}

std::uint32_t NameTable::intern(const std::string& name, const VisitReferences& visit) {
  if (const auto known = numbers_.find(name); known != numbers_.end()) {
    // The caller may refer to it again, which was not so when references were looked at.
    if (next_ < names_.size()) marks_.add(known->second);
    return known->second;
  }
  ++new_since_marking_;
  const std::uint32_t number = find_room(visit);
  if (number == 0) {
    ++refused_;
    return 0;
  }
  names_[number - 1] = &numbers_.emplace(name, number).first->first;
  return number;
}

std::uint32_t NameTable::find_room(const VisitReferences& visit) {
  if (names_.size() < limit_) {
    names_.push_back(nullptr);
    return static_cast<std::uint32_t>(names_.size());
  }
  if (const std::uint32_t number = reuse()) return number;
  if (new_since_marking_ < limit_ / 16) return 0;
  new_since_marking_ = 0;
  marks_.is_marked_.assign(limit_ + 1, false);
  visit(marks_);
  next_ = 0;
  return reuse();
}

/// Nothing but intern() makes a reference where there was none: what was not marked is still not referred to.
std::uint32_t NameTable::reuse() {
  while (next_ < names_.size()) {
    const auto number = static_cast<std::uint32_t>(++next_);
    if (marks_.is_marked_[number]) continue;
    numbers_.erase(numbers_.find(*names_[number - 1]));
    ++forgotten_;
    return number;
  }
  return 0;
}

}  // namespace pcapml
