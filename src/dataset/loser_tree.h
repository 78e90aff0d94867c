// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace pcapml {

/// Finds the first of n heads that change one at a time, in log2(n) comparisons (Knuth, volume 3, 5.4.1).
template <class Before>
class LoserTree {
 public:
  /// `before(a, b)`: whether head a comes before head b, a strict total order.
  LoserTree(std::size_t heads, Before before) : losers_(heads), before_(std::move(before)) {}

  /// After all heads are there.
  void build() { losers_[0] = play(1); }
  std::size_t winner() const { return losers_[0]; }
  /// After the winner's head has changed.
  void replay() {
    std::size_t current = losers_[0];
    for (std::size_t node = (current + losers_.size()) / 2; node > 0; node /= 2)
      if (before_(losers_[node], current)) std::swap(losers_[node], current);
    losers_[0] = current;
  }

 private:
  /// The winner below a node; the nodes from losers_.size() on are the heads.
  std::size_t play(std::size_t node) {
    if (node >= losers_.size()) return node - losers_.size();
    const std::size_t a = play(2 * node), b = play(2 * node + 1);
    const bool first = before_(a, b);
    losers_[node] = first ? b : a;
    return first ? a : b;
  }

  std::vector<std::size_t> losers_;  // of each inner node; the first is the winner of all
  Before before_;
};

}  // namespace pcapml
