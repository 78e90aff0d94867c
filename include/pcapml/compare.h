// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pcapml/dataset.h"

namespace pcapml {

/// What a packet without a label, or one that the other capture lacks, is called in a confusion matrix.
inline constexpr std::string_view kUnlabeled = "<unlabeled>";

struct CompareRequest {
  std::string truth;
  std::string test;
  std::string csv;  ///< file for the confusion matrix of packets; empty: none
  std::string map;  ///< file of `from,to` lines that rename labels of both captures; empty: none
  InputOptions input_options;
  MemoryOptions memory = {};
};

/// How well one label was found. A ratio without a denominator is nullopt, never 0.
struct LabelScore {
  std::uint64_t support = 0;    ///< how often the truth has the label
  std::uint64_t predicted = 0;  ///< how often the test has it where the truth has any label
  std::uint64_t correct = 0;    ///< how often both have it

  std::optional<double> precision;  ///< correct / predicted
  std::optional<double> recall;     ///< correct / support
  std::optional<double> f1;  ///< 2 correct / (support + predicted): 0 for a label that is never predicted
};

/// An average over the labels that the truth has. Labels whose value is undefined are left out of it (and of
/// the weights); nullopt where nothing is left.
struct AverageScore {
  std::optional<double> precision, recall, f1;
};

/// How often the test has one label where the truth has another. Both are indices into Scores::labels.
struct ConfusionCell {
  std::uint32_t truth = 0;
  std::uint32_t predicted = 0;
  std::uint64_t count = 0;
};

/// A confusion matrix and what follows from it.
///
/// What the truth does not label tells nothing about the test: it stands in the matrix, in the row
/// `<unlabeled>`, and counts in no ratio. So it makes no difference whether the truth was labelled with
/// `--keep-unmatched`.
struct Scores {
  std::vector<std::string> labels;   ///< those of the matrix, in byte order; `<unlabeled>` last, if it occurs
  bool has_unlabeled = false;        ///< the last of `labels` is the missing label
  std::vector<ConfusionCell> cells;  ///< those that are not 0, by row, then column
  std::vector<LabelScore> scores;    ///< one for each of `labels`, without `<unlabeled>`

  std::uint64_t total = 0;    ///< what the truth labels
  std::uint64_t correct = 0;  ///< where the test agrees
  std::optional<double> accuracy;
  std::optional<double> kappa;  ///< Cohen's; undefined where chance alone would always agree
  AverageScore micro, macro, weighted;
  std::uint32_t truth_labels = 0;          ///< labels that the averages are over
  std::uint32_t undefined_precisions = 0;  ///< those of them that the test never has
};

/// `labels` may hold any bytes. A label that is called `<unlabeled>` reads `%3Cunlabeled%3E`.
struct CompareResult {
  InputReport truth, test;
  std::vector<std::string> warnings;

  std::uint64_t pairs = 0;
  std::uint64_t truth_only = 0;       ///< packets that only the truth holds: `<unlabeled>` in the test
  std::uint64_t test_only = 0;        ///< packets that only the test holds: they count nowhere else
  std::uint64_t truth_unlabeled = 0;  ///< packets of the truth without a label
  std::uint64_t test_unlabeled = 0;   ///< packets of the test without a label

  Scores packets;
  /// Each flow of the truth (5-tuple, both directions as one) once, under the label of most of its labelled
  /// packets, against the one that most of them have in the test; ties go to the label seen first.
  Scores flows;
  std::uint64_t non_ip = 0;           ///< packets of the truth that belong to no flow
  std::uint64_t fragments = 0;        ///< likewise: fragments after the first, which show no ports
  std::uint64_t unlabeled_flows = 0;  ///< flows of which the truth labels no packet; they count nowhere
};

/// Compares the labels that two captures give to the same traffic, whose packets are paired by content.
///
/// Equal packets are paired in the order of their times where both captures have as many of them, otherwise
/// those with the smallest difference of times first. Packets that were cut at different lengths are paired
/// by what both hold; then the files are read again, which a pipe does not allow (DataError). The result does
/// not depend on the memory: where that does not hold 64 bytes for each packet of both and 32 for each flow,
/// the rest lies in temporary files. On top of it comes what grows by label and by cell of the matrices.
/// Throws UsageError for a malformed map, all its lines at once, and for less than 16 MiB of memory.
CompareResult compare(const CompareRequest& request);

}  // namespace pcapml
