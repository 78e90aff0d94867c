// SPDX-License-Identifier: Apache-2.0
#include "label/rule_timeline.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace pcapml {

void RuleTimeline::add(std::uint32_t rule, std::int64_t start_ns, std::int64_t end_ns) {
  first_ = std::min(first_, rule);
  if (always_ == kNoRule && start_ns <= end_ns) windows_.push_back({start_ns, end_ns, rule});
}

void RuleTimeline::add(std::uint32_t rule) {
  first_ = std::min(first_, rule);
  always_ = std::min(always_, rule);
}

void RuleTimeline::build() {
  if (windows_.empty()) return;
  std::vector<std::int64_t> times;
  for (const Window& window : windows_) {
    times.push_back(window.start_ns);
    if (window.end_ns < std::numeric_limits<std::int64_t>::max()) times.push_back(window.end_ns + 1);
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  std::sort(windows_.begin(), windows_.end(),
            [](const Window& a, const Window& b) { return a.start_ns < b.start_ns; });
  using Open = std::pair<std::uint32_t, std::int64_t>;  // rule, end
  std::priority_queue<Open, std::vector<Open>, std::greater<>> open;
  auto next = windows_.begin();
  for (const std::int64_t time : times) {
    for (; next != windows_.end() && next->start_ns == time; ++next) open.emplace(next->rule, next->end_ns);
    while (!open.empty() && open.top().second < time) open.pop();
    const std::uint32_t rule = open.empty() ? always_ : open.top().first;
    if (changes_.empty() || changes_.back().rule != rule) changes_.push_back({time, rule});
  }
  windows_ = {};
}

std::uint32_t RuleTimeline::first_at(std::optional<std::int64_t> timestamp_ns) const {
  if (!timestamp_ns || changes_.empty() || *timestamp_ns < changes_.front().from_ns) return always_;
  const bool same = *timestamp_ns >= changes_[last_].from_ns &&
                    (last_ + 1 == changes_.size() || *timestamp_ns < changes_[last_ + 1].from_ns);
  if (!same) {
    const auto behind =
        std::upper_bound(changes_.begin(), changes_.end(), *timestamp_ns,
                         [](std::int64_t time, const Change& change) { return time < change.from_ns; });
    last_ = static_cast<std::size_t>(behind - changes_.begin()) - 1;
  }
  return changes_[last_].rule;
}

std::set<std::uint32_t> RuleTimeline::winners() const {
  std::set<std::uint32_t> winners{always_};  // packets without a time are in no window
  for (const Change& change : changes_) winners.insert(change.rule);
  winners.erase(kNoRule);
  return winners;
}

}  // namespace pcapml
