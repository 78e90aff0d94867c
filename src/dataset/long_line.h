// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "dataset/paged_array.h"
#include "dataset/pairing_record.h"
#include "dataset/record_sorter.h"
#include "dataset/record_spool.h"

namespace pcapml {

/// Does for any number of packets what TimePairing does for those that memory holds: the same pairs.
///
/// Packets of one side that follow each other in time are a run; only at the ends of runs can there be pairs.
/// TimePairing takes the nearest of all ends first. Ends that are nearer than those to the left and to the
/// right are taken before these, whatever else is nearer elsewhere, and as pairs leave, other ends are ever
/// farther apart: so any such ends may be taken at once. They are looked for from left to right.
class LongLine {
 public:
  using Join = std::function<void(const PairingRecord& truth, const PairingRecord& test)>;
  using Leave = std::function<void(const PairingRecord&)>;

  LongLine(std::size_t memory_bytes, const std::string& directory);

  void add(const PairingRecord& record);
  /// Calls `join` for each pair and `leave` for each packet that is in none.
  void pair(const Join& join, const Leave& leave);

 private:
  using Stream = RecordSorter<PairingRecord>;

  /// Packets of one time and one side, the first of which is to be paired next.
  struct Node {
    std::uint64_t time;
    std::uint64_t first;          // number of its first packet
    std::uint64_t begin, end;     // places in records_
    std::uint64_t before, after;  // other nodes of its run
  };
  struct Run {
    std::uint64_t head, tail;  // nodes
    bool is_test;
  };
  using Rank = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;

  void advance(std::size_t side);
  void pair_in_order(const Join& join);
  void pair_nearest(const Join& join);
  void pair_equal_times();
  std::optional<bool> next_side() const;
  std::uint64_t read_node(bool is_test);
  std::optional<Run> read_run();
  const Run* left(std::size_t i);
  const Run* right(std::size_t i);
  void pop_right();
  std::optional<Rank> edge(const Run* left, const Run* right);
  void take(const Join& join);
  bool drop_first(std::uint64_t node);
  void join_runs();

  Stream truth_, test_;
  std::uint64_t counts_[2] = {0, 0};
  const PairingRecord* heads_[2] = {nullptr, nullptr};
  const Join* join_ = nullptr;

  RecordSpool<PairingRecord> records_;
  PagedArray<Node> nodes_;
  RecordSpool<Run> left_, right_;  // of where we are; the last is the nearest
  std::vector<Run> ahead_;         // what comes after right_
};

}  // namespace pcapml
