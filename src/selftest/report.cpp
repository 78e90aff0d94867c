// SPDX-License-Identifier: Apache-2.0
#include "selftest/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "selftest/selftest.h"

namespace pcapml::selftest {
namespace {

std::string text_row(std::string_view title, const Counts& counts, std::size_t width) {
  return fmt::format("{:<{}}  {:>8}  {:>8}  {:>6}  {:>7}  {:>6}\n", title, width, counts.expected,
                     counts.right, counts.wrong, counts.unknown, counts.lost);
}

std::string latex_row(std::string_view title, const Counts& counts) {
  return fmt::format("{} & {} & {} & {} & {} & {} \\\\\n", latex_text(title), counts.expected, counts.right,
                     counts.wrong, counts.unknown, counts.lost);
}

std::size_t title_width(const Result& result) {
  std::size_t width = 0;
  for (const KindResult& kind : result.kinds) width = std::max(width, kind.title.size());
  return width;
}

/// What a reader of the numbers has to know; one sentence a line.
std::string notes(const Result& result) {
  std::string text;
  for (const auto& [fault, count] : result.faults)
    text += fmt::format("{}: {} {}\n", fault.kind, count, to_string(fault));
  if (result.strangers > 0)
    text += fmt::format("{} captured that were not on the loopback\n", result.strangers);
  if (result.witness_dropped > 0)
    text += fmt::format("{} that the truth does not know, because the witness had no room\n",
                        result.witness_dropped);
  return text;
}

}  // namespace

std::string to_text(const Result& result) {
  const std::size_t width = title_width(result);
  std::string text = fmt::format("pcapml {} on {} {}\n\n", result.version, result.system, result.machine);
  text += fmt::format("{:<{}}  {:>8}  {:>8}  {:>6}  {:>7}  {:>6}\n", "traffic", width, "packets", "right",
                      "wrong", "unknown", "lost");
  for (const KindResult& kind : result.kinds)
    text += kind.skipped.empty() ? text_row(kind.title, kind.counts, width)
                                 : fmt::format("{:<{}}  skipped: {}\n", kind.title, width, kind.skipped);
  text += text_row("total", result.total, width);
  text += fmt::format("\nEach packet counts at both ends; {} without a socket are not expected.\n",
                      result.total.without_socket);
  if (const std::string more = notes(result); !more.empty())
    text += fmt::format("\n{}\ndoc/capture.md, Exceptions by kernel, has what is known of older kernels.\n",
                        more);
  return text;
}

std::string latex_text(std::string_view text) {
  std::string result;
  for (const char c : text) switch (c) {
      case '\\': result += "\\textbackslash{}"; break;
      case '~': result += "\\textasciitilde{}"; break;
      case '^': result += "\\textasciicircum{}"; break;
      case '<': result += "\\textless{}"; break;
      case '>': result += "\\textgreater{}"; break;
      case '|': result += "\\textbar{}"; break;
      case '"': result += "''"; break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}': result += '\\'; [[fallthrough]];
      default: result += c;
    }
  return result;
}

std::string to_latex(const Result& result) {
  std::string text =
      fmt::format("% pcapml {} selftest, {} {}\n", result.version, result.system, result.machine);
  const std::string faults = notes(result);
  for (std::size_t at = 0; at < faults.size();) {
    const std::size_t end = faults.find('\n', at);
    text += "% " + faults.substr(at, end - at) + '\n';
    at = end + 1;
  }
  text += fmt::format(
      "\\begin{{table}}\n\\centering\n"
      "\\caption{{Labels of pcapml {} on {} ({}), by \\texttt{{pcapml selftest}}. Each packet counts at both "
      "ends.}}\n"
      "\\begin{{tabular}}{{lrrrrr}}\n\\hline\n"
      "Traffic & Packets & Right & Wrong & Unknown & Lost \\\\\n\\hline\n",
      latex_text(result.version), latex_text(result.system), latex_text(result.machine));
  for (const KindResult& kind : result.kinds)
    text += kind.skipped.empty() ? latex_row(kind.title, kind.counts)
                                 : fmt::format("{} & \\multicolumn{{5}}{{l}}{{skipped: {}}} \\\\\n",
                                               latex_text(kind.title), latex_text(kind.skipped));
  return text + "\\hline\n" + latex_row("Total", result.total) + "\\hline\n\\end{tabular}\n\\end{table}\n";
}

}  // namespace pcapml::selftest
