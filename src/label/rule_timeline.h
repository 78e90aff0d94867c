// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <vector>

namespace pcapml {

/// No rule.
inline constexpr std::uint32_t kNoRule = std::numeric_limits<std::uint32_t>::max();

/// The first of some rules that holds at a time; a look-up costs the same for one window and for 10,000.
/// Not thread-safe.
class RuleTimeline {
 public:
  /// Rules come in ascending order. Both times are inclusive.
  void add(std::uint32_t rule, std::int64_t start_ns, std::int64_t end_ns);
  void add(std::uint32_t rule);  ///< without a window

  /// No more will be added.
  void build();

  /// kNoRule for none. A packet without a time is in no window.
  std::uint32_t first_at(std::optional<std::int64_t> timestamp_ns) const;

  /// All rules that are ever the first.
  std::set<std::uint32_t> winners() const;

  /// The first rule without a window, or kNoRule: nothing after it ever holds.
  std::uint32_t always() const { return always_; }
  /// The first of all rules, or kNoRule.
  std::uint32_t first() const { return first_; }

 private:
  struct Window {
    std::int64_t start_ns, end_ns;
    std::uint32_t rule;
  };
  /// From here to the next change.
  struct Change {
    std::int64_t from_ns;
    std::uint32_t rule;
  };

  std::vector<Window> windows_;
  std::vector<Change> changes_;
  std::uint32_t first_ = kNoRule, always_ = kNoRule;
  mutable std::size_t last_ = 0;  // in changes_: packets mostly come in order of time
};

}  // namespace pcapml
