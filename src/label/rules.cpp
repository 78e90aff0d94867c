// SPDX-License-Identifier: Apache-2.0
#include "pcapml/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <unordered_map>

#include "label/bpf_filter.h"
#include "label/rule_file.h"
#include "label/rule_line.h"
#include "label/text.h"
#include "pcapml/error.h"
#include "pcapml/source.h"

namespace pcapml {
namespace {

constexpr std::size_t kLongestComment = 65'535;  // pcapng draft, section 3.5: option lengths have 16 bits

std::string comment_of(const Rule& rule) {
  std::string text = fmt::format_int(rule.sample_id).str();
  text += ',';
  append_encoded(text, rule.label);
  for (const auto& [key, value] : rule.fields) {
    text += ',';
    text += key;
    text += '=';
    append_encoded(text, value);
  }
  return text;
}

bool is_rule(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] != '#';
}

/// One line at a time, without its LF or CRLF.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return true;
  }
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

void check_filters(const std::vector<Rule>& rules, std::vector<RuleProblem>& problems) {
  FilterCompiler compiler;
  std::unordered_map<std::string_view, std::string> reasons;
  for (const Rule& rule : rules) {
    if (rule.filter.empty()) continue;
    const auto [known, is_new] = reasons.try_emplace(rule.filter);
    if (is_new) known->second = compiler.check(rule.filter);
    if (!known->second.empty())
      problems.push_back({rule.line, fmt::format("filter {}: {}", shown(rule.filter), known->second)});
  }
}

}  // namespace

RuleFile parse_rule_file(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  RuleFile file;
  file.rules.reserve(text.size() / 40);
  std::unordered_map<std::string, std::size_t> first_of_key;
  RuleLineParser parser;
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (!is_rule(line)) continue;
    Rule& rule = file.rules.emplace_back();
    rule.line = lines.number();
    rule.sample_id = file.rules.size() - 1;
    if (!parser.parse(line, rule)) {
      for (const std::string& reason : parser.reasons()) file.problems.push_back({rule.line, reason});
      continue;
    }
    if (!rule.hash_key.empty())
      rule.sample_id = first_of_key.try_emplace(rule.hash_key, rule.sample_id).first->second;
    rule.comment = comment_of(rule);
    if (rule.comment.size() > kLongestComment)
      file.problems.push_back(
          {rule.line, fmt::format("label and keys take {} bytes in a packet's comment, which "
                                  "holds {}; shorten them",
                                  rule.comment.size(), kLongestComment)});
  }
  return file;
}

std::vector<Rule> parse_rules(std::string_view text, const std::string& path) {
  RuleFile file = parse_rule_file(text);
  check_filters(file.rules, file.problems);
  if (file.problems.empty()) return std::move(file.rules);
  std::stable_sort(file.problems.begin(), file.problems.end(),
                   [](const RuleProblem& a, const RuleProblem& b) { return a.line < b.line; });
  std::string message;
  for (const RuleProblem& problem : file.problems)
    fmt::format_to(std::back_inserter(message), "{}{}:{}: {}", message.empty() ? "" : "\n", path,
                   problem.line, problem.reason);
  throw UsageError(message);
}

std::vector<Rule> read_rules(const std::string& path) {
  const std::unique_ptr<Source> source = open_source(path);
  std::vector<std::byte> bytes(1 << 16);
  for (std::size_t size = 0;;) {
    if (size == bytes.size()) bytes.resize(2 * size);
    const std::size_t n = source->read(std::span(bytes).subspan(size));
    size += n;
    if (n == 0) return parse_rules(as_text(Bytes(bytes).first(size)), path);
  }
}

}  // namespace pcapml
