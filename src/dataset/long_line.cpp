// SPDX-License-Identifier: Apache-2.0
#include "dataset/long_line.h"

namespace pcapml {

LongLine::LongLine(std::size_t memory_bytes, const std::string& directory)
    : truth_(memory_bytes / 3, directory),  // the spools take the rest, or less
      test_(memory_bytes / 3, directory),
      records_(directory),
      nodes_(directory),
      left_(directory),
      right_(directory) {}

void LongLine::add(const PairingRecord& record) {
  (record.is_test ? test_ : truth_).add(record.time_key(), record.number, record);
  ++counts_[record.is_test ? 1 : 0];
}

void LongLine::advance(std::size_t side) { heads_[side] = (side == 0 ? truth_ : test_).next(); }

void LongLine::pair(const Join& join, const Leave& leave) {
  join_ = &join;
  advance(0);
  advance(1);
  if (counts_[0] == counts_[1]) return pair_in_order(join);
  pair_nearest(join);
  for (; left_.size() > 0; left_.pop_back()) {
    const Run run = left_.back(0);
    for (std::uint64_t at = run.head;; at = nodes_.get(at).after) {
      const Node node = nodes_.get(at);
      for (std::uint64_t i = node.begin; i < node.end; ++i) leave(records_.read(i));
      if (at == run.tail) break;
    }
  }
}

void LongLine::pair_in_order(const Join& join) {
  for (; heads_[0] != nullptr; advance(0), advance(1)) join(*heads_[0], *heads_[1]);
}

/// Afterwards what comes next of one time is of one side.
void LongLine::pair_equal_times() {
  for (; heads_[0] != nullptr && heads_[1] != nullptr && heads_[0]->timestamp_ns == heads_[1]->timestamp_ns;
       advance(0), advance(1))
    (*join_)(*heads_[0], *heads_[1]);
}

/// Whether the next packet is one of the test.
std::optional<bool> LongLine::next_side() const {
  if (heads_[0] == nullptr && heads_[1] == nullptr) return std::nullopt;
  return heads_[0] == nullptr || (heads_[1] != nullptr && heads_[1]->timestamp_ns < heads_[0]->timestamp_ns);
}

std::uint64_t LongLine::read_node(bool is_test) {
  const std::size_t side = is_test ? 1 : 0;
  const PairingRecord first = *heads_[side];
  Node node{first.time_key(), first.number, records_.size(), 0, 0, 0};
  for (; heads_[side] != nullptr && heads_[side]->timestamp_ns == first.timestamp_ns; advance(side))
    records_.push_back(*heads_[side]);
  node.end = records_.size();
  nodes_.push_back(node);
  return nodes_.size() - 1;
}

std::optional<LongLine::Run> LongLine::read_run() {
  pair_equal_times();
  const auto is_test = next_side();
  if (!is_test) return std::nullopt;
  const std::uint64_t head = read_node(*is_test);
  Run run{head, head, *is_test};
  for (pair_equal_times(); next_side() == is_test; pair_equal_times()) {
    const std::uint64_t node = read_node(*is_test);
    nodes_.at(node).before = run.tail;
    nodes_.at(run.tail).after = node;
    run.tail = node;
  }
  return run;
}

/// The i-th run to the left, or none. Dies at the next change.
const LongLine::Run* LongLine::left(std::size_t i) { return i < left_.size() ? &left_.back(i) : nullptr; }

const LongLine::Run* LongLine::right(std::size_t i) {
  if (i < right_.size()) return &right_.back(i);
  while (ahead_.size() <= i - right_.size()) {
    const auto run = read_run();
    if (!run) return nullptr;
    ahead_.push_back(*run);
  }
  return &ahead_[i - right_.size()];
}

void LongLine::pop_right() {
  if (right_.size() > 0) return right_.pop_back();
  ahead_.erase(ahead_.begin());
}

/// How near the ends of two neighbours are, for comparison with others.
std::optional<LongLine::Rank> LongLine::edge(const Run* left, const Run* right) {
  if (left == nullptr || right == nullptr) return std::nullopt;
  const Node a = nodes_.get(left->tail), b = nodes_.get(right->head);
  return Rank{b.time - a.time, left->is_test ? b.first : a.first, left->is_test ? a.first : b.first};
}

void LongLine::pair_nearest(const Join& join) {
  const auto is_nearer = [](const std::optional<Rank>& a, const std::optional<Rank>& b) {
    return a && (!b || *a < *b);
  };
  while (true) {
    const auto to_left = left(1) == nullptr ? std::nullopt : edge(left(1), left(0));
    const auto to_right = right(1) == nullptr ? std::nullopt : edge(right(0), right(1));
    const auto middle = edge(left(0), right(0));
    if (middle && !is_nearer(to_left, middle) && !is_nearer(to_right, middle)) {
      take(join);
    } else if (is_nearer(to_left, middle)) {
      right_.push_back(*left(0));
      left_.pop_back();
    } else if (right(0) != nullptr) {
      left_.push_back(*right(0));
      pop_right();
    } else {
      return;
    }
  }
}

/// Pairs the ends where we are.
void LongLine::take(const Join& join) {
  Run here = *left(0), next = *right(0);
  left_.pop_back();
  pop_right();
  const PairingRecord a = records_.read(nodes_.get(here.tail).begin),
                      b = records_.read(nodes_.get(next.head).begin);
  join(here.is_test ? b : a, here.is_test ? a : b);
  bool here_is_left = true, next_is_left = true;
  if (!drop_first(here.tail)) {
    here_is_left = here.tail != here.head;
    if (here_is_left) here.tail = nodes_.get(here.tail).before;
  }
  if (!drop_first(next.head)) {
    next_is_left = next.head != next.tail;
    if (next_is_left) next.head = nodes_.get(next.head).after;
  }
  if (here_is_left) left_.push_back(here);
  if (next_is_left) right_.push_back(next);
  if (here_is_left != next_is_left) join_runs();
}

/// Takes a node's first packet out; false where that was the last.
bool LongLine::drop_first(std::uint64_t at) {
  Node node = nodes_.get(at);
  if (++node.begin == node.end) return false;
  node.first = records_.read(node.begin).number;
  nodes_.at(at) = node;
  return true;
}

/// Makes one run of the two that met, as the one between them is gone.
void LongLine::join_runs() {
  if (left(0) == nullptr || right(0) == nullptr) return;
  Run run = *left(0);
  const Run next = *right(0);
  nodes_.at(run.tail).after = next.head;
  nodes_.at(next.head).before = run.tail;
  run.tail = next.tail;
  left_.back(0) = run;
  pop_right();
}

}  // namespace pcapml
