// SPDX-License-Identifier: Apache-2.0
#include "dataset/cut_plan.h"

#include <algorithm>
#include <limits>

namespace pcapml {

void CutPlan::add(std::uint32_t captured, std::size_t side, std::uint64_t place, std::uint32_t prefix) {
  if (cuts_.empty() || cuts_.back().original != captured)
    cuts_.push_back({captured, captured, {0, 0}, place, place, prefix, prefix});
  Cut& cut = cuts_.back();
  ++cut.count[side];
  cut.last_place = place;
  cut.last_prefix = prefix;
}

bool CutPlan::coarsen() {
  constexpr std::size_t kSteps = 12;
  if (cuts_.size() <= kSteps) return false;
  std::uint64_t all = 0;
  for (const Cut& cut : cuts_) all += cut.count[0] + cut.count[1];
  const std::uint64_t most = all / kSteps;
  std::uint32_t shortest = 0;
  std::uint64_t taken = std::numeric_limits<std::uint64_t>::max() / 2;
  for (Cut& cut : cuts_) {
    const std::uint64_t count = cut.count[0] + cut.count[1];
    if (taken + count > most || cut.original / 2 > shortest) {
      shortest = cut.original;
      taken = 0;
    }
    taken += count;
    cut.captured = shortest;
  }
  return true;
}

std::uint32_t CutPlan::coarse(std::uint32_t captured) const {
  const auto found =
      std::lower_bound(cuts_.begin(), cuts_.end(), captured,
                       [](const Cut& cut, std::uint32_t value) { return cut.original < value; });
  return found->captured;
}

void CutPlan::decide(bool is_coarse) {
  prefix_.reset();
  std::uint64_t longer[2] = {0, 0};
  for (std::size_t end = cuts_.size(); end > 0;) {
    const std::uint32_t captured = cuts_[end - 1].captured;
    Cut all = cuts_[end - 1];
    for (--end; end > 0 && cuts_[end - 1].captured == captured; --end) {
      const Cut& cut = cuts_[end - 1];
      all.count[0] += cut.count[0];
      all.count[1] += cut.count[1];
      if (cut.first_place < all.first_place) {
        all.first_place = cut.first_place;
        all.first_prefix = cut.first_prefix;
      }
      if (cut.last_place > all.last_place) {
        all.last_place = cut.last_place;
        all.last_prefix = cut.last_prefix;
      }
    }
    const bool among = is_coarse && all.count[0] > 0 && all.count[1] > 0;
    const bool truth_cut = all.count[0] > 0 && longer[1] > 0, test_cut = all.count[1] > 0 && longer[0] > 0;
    if (among || truth_cut || test_cut) {
      if ((truth_cut || among ? all.first_prefix : all.last_prefix) > captured) {
        prefix_ = captured;
        wants_cut_[0] = among || truth_cut;
        wants_cut_[1] = among || test_cut;
        wants_longer_[0] = test_cut;
        wants_longer_[1] = truth_cut;
        return;
      }
    }
    longer[0] += all.count[0];
    longer[1] += all.count[1];
  }
}

}  // namespace pcapml
