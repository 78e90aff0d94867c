// SPDX-License-Identifier: Apache-2.0
#include "dataset/time_pairing.h"

#include <algorithm>
#include <tuple>

namespace pcapml {

void TimePairing::join(std::size_t a, std::size_t b) {
  line_[a].more = line_[b].packet;
  line_[b].more = line_[a].packet;
}

void TimePairing::pair(std::span<PairingEntry> line) {
  line_ = line;
  std::size_t truth_count = 0;
  for (PairingEntry& entry : line_) {
    entry.more = kNone;
    if (in_truth(entry)) ++truth_count;
  }
  if (truth_count == 0 || truth_count == line_.size()) return;
  if (truth_count * 2 == line_.size()) return pair_in_order(truth_count);
  sort_entries(line_);
  pair_equal_times();
  pair_nearest();
}

void TimePairing::pair_in_order(std::size_t truth_count) {
  const auto middle =
      std::partition(line_.begin(), line_.end(), [this](const PairingEntry& e) { return in_truth(e); });
  sort_entries({line_.begin(), middle});
  sort_entries({middle, line_.end()});
  for (std::size_t i = 0; i < truth_count; ++i) join(i, truth_count + i);
}

// Afterwards all packets of one time that are left are of one side, and lie side by side.
void TimePairing::pair_equal_times() {
  for (std::size_t begin = 0, end = 0; begin < line_.size(); begin = end) {
    std::size_t test = begin;  // the truth's packets come first, their numbers are lower
    for (end = begin; end < line_.size() && line_[end].key == line_[begin].key; ++end)
      if (in_truth(line_[end])) test = end + 1;
    const std::size_t pairs = std::min(test - begin, end - test);
    for (std::size_t i = 0; i < pairs; ++i) join(begin + i, test + i);
  }
}

// The nearest two of both sides are always neighbours among what is left: a packet between them would be
// nearer to one of them. As packets leave, the neighbours that remain are ever farther apart, so each step
// takes the best edge of the list and repairs the edges around it.
void TimePairing::pair_nearest() {
  build_list();
  build_tree();
  while (is_edge(winner(1))) {
    const std::uint32_t left = winner(1);
    const std::uint32_t right = next_[left];
    join(left, right);
    advance(left);
    advance(right);
  }
}

void TimePairing::build_list() {
  next_.assign(line_.size(), kNone);
  previous_.assign(line_.size(), kNone);
  std::uint32_t last = kNone;
  for (std::size_t i = 0; i < line_.size(); ++i) {
    if (line_[i].more != kNone || (last != kNone && line_[last].key == line_[i].key)) continue;
    const auto place = static_cast<std::uint32_t>(i);
    previous_[place] = last;
    if (last != kNone) next_[last] = place;
    last = place;
  }
}

/// Whether the place and the one after it in the list can be paired.
bool TimePairing::is_edge(std::uint32_t left) const {
  return next_[left] != kNone && in_truth(line_[left]) != in_truth(line_[next_[left]]);
}

bool TimePairing::is_nearer(std::uint32_t a, std::uint32_t b) const {
  if (!is_edge(b)) return true;
  if (!is_edge(a)) return false;
  const auto rank = [this](std::uint32_t left) {
    const PairingEntry& from = line_[left];
    const PairingEntry& to = line_[next_[left]];
    return std::tuple(to.key - from.key, std::min(from.packet, to.packet), std::max(from.packet, to.packet));
  };
  return rank(a) <= rank(b);
}

/// The nodes from line_.size() on are the leaves, one for each place.
std::uint32_t TimePairing::winner(std::size_t node) const {
  return node < line_.size() ? tree_[node] : static_cast<std::uint32_t>(node - line_.size());
}

void TimePairing::build_tree() {
  tree_.resize(line_.size());
  for (std::size_t node = line_.size() - 1; node > 0; --node) {
    const std::uint32_t a = winner(2 * node), b = winner(2 * node + 1);
    tree_[node] = is_nearer(a, b) ? a : b;
  }
}

void TimePairing::update(std::uint32_t left) {
  for (std::size_t node = (line_.size() + left) / 2; node > 0; node /= 2) {
    const std::uint32_t a = winner(2 * node), b = winner(2 * node + 1);
    tree_[node] = is_nearer(a, b) ? a : b;
  }
}

/// Takes a place off the list; the next packet of the same time follows it there.
void TimePairing::advance(std::uint32_t place) {
  const std::uint32_t before = previous_[place];
  std::uint32_t after = next_[place];
  const std::uint32_t follower = place + 1;
  next_[place] = kNone;
  update(place);
  if (follower < line_.size() && line_[follower].key == line_[place].key && line_[follower].more == kNone) {
    next_[follower] = after;
    previous_[follower] = before;
    if (after != kNone) previous_[after] = follower;
    update(follower);
    after = follower;
  } else if (after != kNone) {
    previous_[after] = before;
  }
  if (before != kNone) {
    next_[before] = after;
    update(before);
  }
}

}  // namespace pcapml
