// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/compare_report.h"
#include "cli/console.h"
#include "cli/printable.h"
#include "dataset/confusion.h"

namespace pcapml::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLongestLabel = 32;  // on a terminal
constexpr std::size_t kWorstConfusions = 15;
constexpr std::size_t kMostMatrixRows = 40;     // on a terminal
constexpr std::size_t kMostMatrixLabels = 500;  // anywhere: beyond that the CSV file has it

/// Cells with the first column on the left and all others on the right.
class Table {
 public:
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::size_t width() const {
    std::size_t sum = 0;
    for (const std::size_t width : widths()) sum += width + kGap;
    return sum;
  }

  std::string text() const {
    const std::vector<std::size_t> wide = widths();
    std::string text;
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string blank(wide[i] - columns_of(row[i]), ' ');
        const bool last = i + 1 == row.size();
        text += i == 0 ? row[i] + (last ? "" : blank) : std::string(kGap, ' ') + blank + row[i];
      }
      text += '\n';
    }
    return text;
  }

 private:
  std::vector<std::size_t> widths() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
      if (widths.size() < row.size()) widths.resize(row.size());
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    return widths;
  }

  std::vector<std::vector<std::string>> rows_;
};

/// Four digits; what is not quite 1 does not read 1.
std::string ratio_text(const std::optional<double>& value) {
  if (!value) return "-";
  std::string text = fmt::format("{:.4f}", *value);
  return *value < 1 && text == "1.0000" ? "0.9999" : text;
}

std::string label_text(const std::string& label, std::size_t width) {
  if (label.empty()) return "\"\"";
  return cut_to(printable(label), width == 0 ? 0 : kLongestLabel);
}

std::string score_lines(const Scores& scores, std::size_t width) {
  Table table;
  table.add({"label", "support", "predicted", "correct", "precision", "recall", "F1"});
  for (std::size_t i = 0; i < scores.scores.size(); ++i) {
    const LabelScore& score = scores.scores[i];
    table.add({label_text(scores.labels[i], width), grouped(score.support), grouped(score.predicted),
               grouped(score.correct), ratio_text(score.precision), ratio_text(score.recall),
               ratio_text(score.f1)});
  }
  const auto add_average = [&](const char* name, const AverageScore& average) {
    table.add({name, "", "", "", ratio_text(average.precision), ratio_text(average.recall),
               ratio_text(average.f1)});
  };
  add_average("(micro average)", scores.micro);
  add_average("(macro average)", scores.macro);
  add_average("(weighted average)", scores.weighted);
  std::string text = table.text();
  if (scores.undefined_precisions > 0)
    text += fmt::format("{} without a precision: never found in the test, left out of its averages\n",
                        count_of(scores.undefined_precisions, "label"));
  return text + fmt::format("accuracy {} ({} of {}), Cohen's kappa {}\n", ratio_text(scores.accuracy),
                            grouped(scores.correct), grouped(scores.total), ratio_text(scores.kappa));
}

std::string worst_confusions(const Scores& scores, std::size_t width) {
  std::vector<ConfusionCell> worst;
  for (const ConfusionCell& cell : scores.cells)
    if (cell.truth != cell.predicted && cell.truth < scores.scores.size()) worst.push_back(cell);
  if (worst.empty()) return "none\n";
  const std::size_t shown = std::min(worst.size(), kWorstConfusions);
  std::stable_sort(worst.begin(), worst.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  Table table;
  table.add({"truth", "test", "count"});
  for (std::size_t i = 0; i < shown; ++i)
    table.add({label_text(scores.labels[worst[i].truth], width),
               label_text(scores.labels[worst[i].predicted], width), grouped(worst[i].count)});
  return table.text() +
         (worst.size() > shown ? fmt::format("and {} more\n", grouped(worst.size() - shown)) : "");
}

Table matrix_table(const Scores& scores, std::size_t width) {
  Table table;
  std::vector<std::string> title{"truth \\ test"};
  for (const auto& label : scores.labels) title.push_back(label_text(label, width));
  table.add(std::move(title));
  for_each_row(scores, [&](std::uint32_t row, const std::vector<std::uint64_t>& counts) {
    std::vector<std::string> cells{label_text(scores.labels[row], width)};
    for (const std::uint64_t count : counts) cells.push_back(grouped(count));
    table.add(std::move(cells));
  });
  return table;
}

std::string matrix_lines(const Scores& scores, std::string_view of, std::size_t width) {
  if (scores.labels.empty()) return {};
  const std::string title = fmt::format("\nconfusion matrix of {}", of);
  const auto folded = [&](const char* why) {
    return fmt::format("{}: {} labels, {}; the worst confusions:\n{}", title, grouped(scores.labels.size()),
                       why, worst_confusions(scores, width));
  };
  if (scores.labels.size() > kMostMatrixLabels) return folded("-csv writes it all");
  if (width != 0 && scores.labels.size() > kMostMatrixRows) return folded("too many for this terminal");
  const Table table = matrix_table(scores, width);
  if (width != 0 && table.width() > width) return folded("too wide for this terminal");
  return title + "\n" + table.text();
}

std::string pair_lines(const CompareResult& result) {
  std::string text = fmt::format("{} found in both captures\n", count_of(result.pairs, "packet"));
  text += fmt::format("{} only in the truth: {} in the test\n", count_of(result.truth_only, "packet"),
                      kUnlabeled);
  text += fmt::format("{} only in the test: not scored\n", count_of(result.test_only, "packet"));
  if (result.truth_unlabeled > 0)
    text += fmt::format("{} without a label in the truth: not scored\n",
                        count_of(result.truth_unlabeled, "packet"));
  if (result.test_unlabeled > 0)
    text += fmt::format("{} without a label in the test\n", count_of(result.test_unlabeled, "packet"));
  return text;
}

std::string flow_lines(const CompareResult& result) {
  std::string text;
  if (result.non_ip > 0)
    text += fmt::format("{} of the truth without IP: no flow\n", count_of(result.non_ip, "packet"));
  if (result.fragments > 0)
    text += fmt::format("{} of the truth after the first of a datagram: no flow\n",
                        count_of(result.fragments, "fragment"));
  if (result.unlabeled_flows > 0)
    text += fmt::format("{} without a label in the truth: not scored\n",
                        count_of(result.unlabeled_flows, "flow"));
  return text;
}

}  // namespace

std::string to_text(const CompareResult& result, std::size_t width) {
  std::string text = pair_lines(result);
  text += "\nby packet\n" + score_lines(result.packets, width);
  text += "\nby flow\n" + score_lines(result.flows, width) + flow_lines(result);
  return text + matrix_lines(result.packets, "packets", width) + matrix_lines(result.flows, "flows", width);
}

}  // namespace pcapml::cli
