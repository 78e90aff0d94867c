// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/output_stream.h"
#include "net/open_table.h"
#include "pcapml/compare.h"

namespace pcapml {

/// Counts how often the test has one label where the truth has another. Labels are numbers, 0 is no label.
/// Memory grows by pair of labels that occurs. Not thread-safe.
class ConfusionCounter {
 public:
  void add(std::uint32_t truth, std::uint32_t predicted) {
    const std::uint64_t key = std::uint64_t{truth} << 32 | predicted;
    if (key != last_key_) {
      flush();
      last_key_ = key;
    }
    ++last_count_;
  }

  /// The matrix and its ratios; `names` are those of the labels, by number.
  Scores scores(const std::vector<std::string>& names);

 private:
  struct Cell {
    std::uint64_t key;
    std::uint64_t count;
  };

  void flush();

  OpenTable<std::uint64_t, std::uint32_t> places_;  // of cells, plus 1
  std::vector<Cell> cells_;
  std::uint64_t last_key_ = 0;  // most packets are counted where the one before was
  std::uint64_t last_count_ = 0;
};

/// Fills in the ratios of a matrix, and its sums.
void compute_ratios(Scores& scores);

/// Writes the matrix as earlier versions did: `ground_truth,` and all labels, then a row for each label of
/// the truth (RFC 4180).
void write_confusion_csv(const Scores& scores, OutputStream& out);

/// Calls `use(row, counts)` for each row of the matrix that has a cell, with a count for each of its labels.
template <class Use>
void for_each_row(const Scores& scores, Use use) {
  std::vector<std::uint64_t> counts(scores.labels.size());
  for (std::size_t i = 0; i < scores.cells.size();) {
    const std::uint32_t row = scores.cells[i].truth;
    std::fill(counts.begin(), counts.end(), 0);
    for (; i < scores.cells.size() && scores.cells[i].truth == row; ++i)
      counts[scores.cells[i].predicted] = scores.cells[i].count;
    use(row, counts);
  }
}

}  // namespace pcapml
