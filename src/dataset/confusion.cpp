// SPDX-License-Identifier: Apache-2.0
#include "dataset/confusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

#include "dataset/csv.h"

namespace pcapml {
namespace {

constexpr std::uint32_t kNoIndex = std::numeric_limits<std::uint32_t>::max();

__extension__ typedef __int128 Wide;  // products of two counts

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

LabelScore with_ratios(LabelScore score) {
  score.precision = ratio(score.correct, score.predicted);
  score.recall = ratio(score.correct, score.support);
  score.f1 = ratio(2 * score.correct, score.support + score.predicted);
  return score;
}

/// The mean of the values that are defined.
class Mean {
 public:
  void add(const std::optional<double>& value, double weight) {
    if (!value) return;
    sum_ += *value * weight;
    weight_ += weight;
  }
  std::optional<double> value() const {
    if (weight_ == 0) return std::nullopt;
    return sum_ / weight_;
  }

 private:
  double sum_ = 0;
  double weight_ = 0;
};

template <class Weight>
AverageScore average(const std::vector<LabelScore>& scores, Weight weight) {
  Mean precision, recall, f1;
  for (const auto& score : scores) {
    if (score.support == 0) continue;
    precision.add(score.precision, weight(score));
    recall.add(score.recall, weight(score));
    f1.add(score.f1, weight(score));
  }
  return {precision.value(), recall.value(), f1.value()};
}

/// (observed - expected) / (1 - expected), in whole numbers up to the last division.
std::optional<double> kappa(std::uint64_t total, std::uint64_t correct, Wide chance) {
  const Wide square = Wide{total} * Wide{total};
  if (square == chance) return std::nullopt;
  return static_cast<double>(Wide{total} * Wide{correct} - chance) / static_cast<double>(square - chance);
}

/// What a label reads in a report, where `<unlabeled>` is taken.
std::string shown(const std::string& name) { return name == kUnlabeled ? "%3Cunlabeled%3E" : name; }

}  // namespace

void ConfusionCounter::flush() {
  if (last_count_ == 0) return;
  const auto found = places_.find_or_add(last_key_);
  if (found.added) {
    cells_.push_back({last_key_, 0});
    found.value = static_cast<std::uint32_t>(cells_.size());
  }
  cells_[found.value - 1].count += last_count_;
  last_count_ = 0;
}

Scores ConfusionCounter::scores(const std::vector<std::string>& names) {
  flush();
  std::vector<std::uint32_t> index(names.size(), kNoIndex);
  std::vector<std::uint32_t> used;
  const auto use = [&](std::uint64_t number) {
    if (index[number] != kNoIndex) return;
    index[number] = 0;
    used.push_back(static_cast<std::uint32_t>(number));
  };
  for (const Cell& cell : cells_) {
    use(cell.key >> 32);
    use(cell.key & 0xffffffff);
  }
  Scores result;
  std::sort(used.begin(), used.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (a == 0 || b == 0) return a != 0;
    return std::tie(names[a], a) < std::tie(names[b], b);
  });
  for (const std::uint32_t number : used) {
    index[number] = static_cast<std::uint32_t>(result.labels.size());
    result.labels.push_back(number == 0 ? std::string(kUnlabeled) : shown(names[number]));
  }
  result.has_unlabeled = !used.empty() && used.back() == 0;
  for (const Cell& cell : cells_)
    result.cells.push_back({index[cell.key >> 32], index[cell.key & 0xffffffff], cell.count});
  std::sort(result.cells.begin(), result.cells.end(), [](const ConfusionCell& a, const ConfusionCell& b) {
    return std::tie(a.truth, a.predicted) < std::tie(b.truth, b.predicted);
  });
  compute_ratios(result);
  return result;
}

void compute_ratios(Scores& s) {
  const std::size_t labels = s.labels.size() - (s.has_unlabeled ? 1 : 0);
  s.scores.assign(labels, {});
  for (const ConfusionCell& cell : s.cells) {
    if (cell.truth >= labels) continue;
    s.total += cell.count;
    s.scores[cell.truth].support += cell.count;
    if (cell.predicted >= labels) continue;
    s.scores[cell.predicted].predicted += cell.count;
    if (cell.truth != cell.predicted) continue;
    s.scores[cell.truth].correct += cell.count;
    s.correct += cell.count;
  }
  LabelScore sums;
  Wide chance = 0;
  for (LabelScore& score : s.scores) {
    score = with_ratios(score);
    chance += Wide{score.support} * Wide{score.predicted};
    if (score.support == 0) continue;
    ++s.truth_labels;
    if (!score.precision) ++s.undefined_precisions;
    sums.support += score.support;
    sums.predicted += score.predicted;
    sums.correct += score.correct;
  }
  sums = with_ratios(sums);
  s.micro = {sums.precision, sums.recall, sums.f1};
  s.macro = average(s.scores, [](const LabelScore&) { return 1.0; });
  s.weighted = average(s.scores, [](const LabelScore& score) { return static_cast<double>(score.support); });
  s.accuracy = ratio(s.correct, s.total);
  s.kappa = kappa(s.total, s.correct, chance);
}

void write_confusion_csv(const Scores& scores, OutputStream& out) {
  std::string line = "ground_truth";
  const auto end_line = [&] {
    line += '\n';
    out.write(as_bytes(line));
    line.clear();
  };
  for (const auto& label : scores.labels) line += ',' + csv_field(label);
  end_line();
  for_each_row(scores, [&](std::uint32_t row, const std::vector<std::uint64_t>& counts) {
    line += csv_field(scores.labels[row]);
    for (const std::uint64_t count : counts) fmt::format_to(std::back_inserter(line), ",{}", count);
    end_line();
  });
}

}  // namespace pcapml
