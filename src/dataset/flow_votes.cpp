// SPDX-License-Identifier: Apache-2.0
#include "dataset/flow_votes.h"

#include <algorithm>

namespace pcapml {

std::uint32_t Election::close() {
  const std::uint32_t winner = *std::max_element(
      seen_.begin(), seen_.end(), [this](std::uint32_t a, std::uint32_t b) { return votes_[a] < votes_[b]; });
  for (const std::uint32_t label : seen_) votes_[label] = 0;
  seen_.clear();
  return winner;
}

std::uint64_t count_flows(std::span<const std::uint32_t> flows, std::span<const std::uint32_t> truth,
                          std::span<const std::uint32_t> predicted, std::uint32_t flow_count,
                          std::uint32_t label_count, ConfusionCounter& into) {
  // Packets by flow, in their order: a counting sort.
  std::vector<std::uint32_t> ends(std::size_t{flow_count} + 1);
  const auto votes = [&](std::size_t i) { return flows[i] != kNoFlow && truth[i] != 0; };
  for (std::size_t i = 0; i < flows.size(); ++i)
    if (votes(i)) ++ends[flows[i] + 1];
  for (std::size_t flow = 0; flow < flow_count; ++flow) ends[flow + 1] += ends[flow];
  std::vector<std::uint32_t> order(ends.back());
  for (std::size_t i = 0; i < flows.size(); ++i)
    if (votes(i)) order[ends[flows[i]]++] = static_cast<std::uint32_t>(i);

  Election by_truth(label_count), by_test(label_count);
  std::uint64_t without_vote = 0;
  std::size_t next = 0;
  for (std::size_t flow = 0; flow < flow_count; ++flow) {
    if (next == ends[flow]) {
      ++without_vote;
      continue;
    }
    for (; next < ends[flow]; ++next) {
      by_truth.vote(truth[order[next]]);
      by_test.vote(predicted[order[next]]);
    }
    const std::uint32_t label = by_truth.close();
    into.add(label, by_test.close());
  }
  return without_vote;
}

}  // namespace pcapml
