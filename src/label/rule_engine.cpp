// SPDX-License-Identifier: Apache-2.0
#include "pcapml/rule_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "label/bpf_filter.h"
#include "label/text.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// A rule that can match packets of one link type.
struct Candidate {
  const FilterProgram* program;  ///< nullptr: the rule has no filter
  std::uint32_t rule;
  std::uint32_t verdict;  ///< where rules with an equal filter share this packet's answer, or kNone
  bool has_window;
  std::int64_t start_ns, end_ns;
};

/// The rules in force for one link type, in order.
struct Candidates {
  std::vector<Candidate> list;
  std::vector<std::uint32_t> failed;  ///< filters that do not compile
  std::uint64_t packets = 0;          ///< met since the list was made
  bool made = false;
};

/// What the engine knows about one link type.
struct Link {
  LinkLayer layer;
  std::unordered_map<std::uint32_t, CompiledFilter> filters;  ///< by number, those needed so far
  Candidates common, own;                                     ///< rules without and with FILE:
  std::unordered_map<std::uint32_t, std::uint64_t> untried;   ///< filter → packets, of earlier files
};

struct Verdict {
  std::uint64_t packet = 0;  ///< number of the packet that it is about
  bool matches = false;
};

std::string normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

}  // namespace

class RuleEngine::Matcher {
 public:
  Matcher(const std::vector<Rule>& rules, std::string path) : rules_(rules), path_(std::move(path)) {
    std::unordered_map<std::string_view, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
      const Rule& rule = rules[i];
      std::uint32_t filter = kNone;
      if (!rule.filter.empty()) {
        filter = numbers.try_emplace(rule.filter, static_cast<std::uint32_t>(users_.size())).first->second;
        if (filter == users_.size()) users_.emplace_back();
        users_[filter].push_back(i);
      }
      filter_of_.push_back(filter);
      if (rule.file.empty())
        common_.push_back(i);
      else
        by_file_[normal(rule.file)].push_back(i);
    }
    verdicts_.resize(users_.size());
    in_force_.assign(rules.size(), false);
    for (const std::uint32_t rule : common_) in_force_[rule] = true;
  }

  void select_file(const std::vector<std::string>& names) {
    if (by_file_.empty()) return;
    std::vector<std::uint32_t> selected;
    for (const std::string& name : names) {
      const auto found = by_file_.find(normal(name));
      if (found != by_file_.end())
        selected.insert(selected.end(), found->second.begin(), found->second.end());
    }
    std::sort(selected.begin(), selected.end());
    selected.erase(std::unique(selected.begin(), selected.end()), selected.end());
    for (Link& link : links_) {
      for (const std::uint32_t filter : link.own.failed) link.untried[filter] += link.own.packets;
      link.own = {};
    }
    for (const std::uint32_t rule : selected) in_force_[rule] = true;
    own_ = std::move(selected);
  }

  const Rule* match(const RuleInput& packet) {
    Link& link = link_of(packet);
    ++packet_;
    ++link.common.packets;
    std::uint32_t first = kNone;
    if (!own_.empty()) {
      if (!link.own.made) make(link, own_, link.own);
      ++link.own.packets;
      first = first_match(link.own, packet, kNone);
    }
    first = first_match(link.common, packet, first);
    return first == kNone ? nullptr : &rules_[first];
  }

  void check_link_types() const {
    std::string message;
    const std::vector<Outcome> outcomes = all_outcomes();
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      if (!in_force_[i] || filter_of_[i] == kNone) continue;
      const Outcome& outcome = outcomes[filter_of_[i]];
      if (outcome.failed == 0 || outcome.compiled > 0) continue;
      fmt::format_to(
          std::back_inserter(message),
          "{}{}:{}: filter {} fits no link type of the input; {}; write a rule without BPF:, or a filter "
          "that fits",
          message.empty() ? "" : "\n", path_, rules_[i].line, shown(rules_[i].filter), outcome.reasons);
    }
    if (!message.empty()) throw DataError(message);
  }

  std::vector<std::string> warnings() const {
    std::vector<std::string> lines;
    for (std::uint32_t filter = 0; filter < users_.size(); ++filter) {
      const Rule& rule = rules_[users_[filter].front()];
      const Outcome outcome = outcome_of(filter);
      if (outcome.compiled > 0 && outcome.never == outcome.compiled)
        lines.push_back(
            fmt::format("{}:{}: filter {} can never match (libpcap: expression rejects all packets)", path_,
                        rule.line, shown(rule.filter)));
      if (outcome.compiled > 0 && outcome.failed > 0)
        lines.push_back(fmt::format("{}:{}: filter {} was not tried on {} packet{}: {}", path_, rule.line,
                                    shown(rule.filter), outcome.untried, outcome.untried == 1 ? "" : "s",
                                    outcome.reasons));
    }
    add_unread_files(lines);
    return lines;
  }

 private:
  /// A filter over all link types met while it was in force.
  struct Outcome {
    std::size_t compiled = 0, never = 0, failed = 0;
    std::uint64_t untried = 0;
    std::string reasons;
  };

  Link& link_of(const RuleInput& packet) {
    const LinkLayer layer{packet.link_type, packet.link_type == 0 ? packet.order : ByteOrder::little};
    if (last_ < links_.size() && links_[last_].layer == layer) return links_[last_];
    for (last_ = 0; last_ < links_.size(); ++last_)
      if (links_[last_].layer == layer) return links_[last_];
    Link link{.layer = layer, .filters = {}, .common = {}, .own = {}, .untried = {}};
    make(link, common_, link.common);
    links_.push_back(std::move(link));
    return links_.back();
  }

  void make(Link& link, const std::vector<std::uint32_t>& rules, Candidates& candidates) {
    candidates.made = true;
    for (const std::uint32_t i : rules) {
      const Rule& rule = rules_[i];
      Candidate candidate{nullptr, i, kNone, rule.has_window, rule.start_ns, rule.end_ns};
      if (const std::uint32_t filter = filter_of_[i]; filter != kNone) {
        const auto [known, is_new] = link.filters.try_emplace(filter);
        if (is_new) known->second = compiler_.compile(rule.filter, link.layer);
        if (!known->second.error.empty()) candidates.failed.push_back(filter);
        if (known->second.program == nullptr) continue;
        candidate.program = known->second.program.get();
        if (users_[filter].size() > 1) candidate.verdict = filter;
      }
      candidates.list.push_back(candidate);
    }
    std::sort(candidates.failed.begin(), candidates.failed.end());
    candidates.failed.erase(std::unique(candidates.failed.begin(), candidates.failed.end()),
                            candidates.failed.end());
  }

  /// The first rule that matches and comes before `limit`; `limit` for none.
  std::uint32_t first_match(const Candidates& candidates, const RuleInput& packet, std::uint32_t limit) {
    for (const Candidate& candidate : candidates.list) {
      if (candidate.rule >= limit) return limit;
      if (candidate.has_window && (!packet.has_timestamp || packet.timestamp_ns < candidate.start_ns ||
                                   packet.timestamp_ns > candidate.end_ns))
        continue;
      if (candidate.program == nullptr || matches(candidate, packet)) return candidate.rule;
    }
    return limit;
  }

  bool matches(const Candidate& candidate, const RuleInput& packet) {
    if (candidate.verdict == kNone) return candidate.program->matches(packet.data, packet.original_length);
    Verdict& verdict = verdicts_[candidate.verdict];
    if (verdict.packet != packet_)
      verdict = {packet_, candidate.program->matches(packet.data, packet.original_length)};
    return verdict.matches;
  }

  std::vector<Outcome> all_outcomes() const {
    std::vector<Outcome> outcomes;
    for (std::uint32_t filter = 0; filter < users_.size(); ++filter) outcomes.push_back(outcome_of(filter));
    return outcomes;
  }

  Outcome outcome_of(std::uint32_t filter) const {
    Outcome outcome;
    for (const Link& link : links_) {
      const auto found = link.filters.find(filter);
      if (found == link.filters.end()) continue;
      if (found->second.error.empty()) {
        ++outcome.compiled;
        outcome.never += found->second.never_matches ? 1 : 0;
        continue;
      }
      ++outcome.failed;
      outcome.untried += untried(link, filter);
      outcome.reasons += fmt::format("{}link type {}: {}", outcome.reasons.empty() ? "" : "; ",
                                     describe_link_type(link.layer.link_type), found->second.error);
    }
    return outcome;
  }

  static std::uint64_t untried(const Link& link, std::uint32_t filter) {
    const auto failed_in = [filter](const Candidates& candidates) {
      return std::binary_search(candidates.failed.begin(), candidates.failed.end(), filter);
    };
    if (failed_in(link.common)) return link.common.packets;
    const auto earlier = link.untried.find(filter);
    return (earlier == link.untried.end() ? 0 : earlier->second) +
           (failed_in(link.own) ? link.own.packets : 0);
  }

  void add_unread_files(std::vector<std::string>& lines) const {
    constexpr std::size_t kMost = 20;
    std::size_t unread = 0;
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      if (in_force_[i]) continue;
      if (++unread <= kMost)
        lines.push_back(
            fmt::format("{}:{}: no input is the file {}", path_, rules_[i].line, shown(rules_[i].file)));
    }
    if (unread > kMost)
      lines.push_back(fmt::format("{}: {} more rules name no file of the input", path_, unread - kMost));
  }

  const std::vector<Rule>& rules_;
  std::string path_;
  std::vector<std::uint32_t> filter_of_;           ///< number of each rule's filter, or kNone
  std::vector<std::vector<std::uint32_t>> users_;  ///< rules of each filter
  std::vector<std::uint32_t> common_, own_;  ///< rules without FILE:, and those that name the file selected
  std::unordered_map<std::string, std::vector<std::uint32_t>> by_file_;
  std::vector<bool> in_force_;  ///< each rule, ever
  FilterCompiler compiler_;
  std::vector<Link> links_;
  std::size_t last_ = 0;  ///< link of the packet before
  std::vector<Verdict> verdicts_;
  std::uint64_t packet_ = 0;
};

RuleEngine::RuleEngine(const std::vector<Rule>& rules, std::string path)
    : matcher_(std::make_unique<Matcher>(rules, std::move(path))) {}
RuleEngine::~RuleEngine() = default;
RuleEngine::RuleEngine(RuleEngine&&) noexcept = default;
RuleEngine& RuleEngine::operator=(RuleEngine&&) noexcept = default;

void RuleEngine::select_file(const std::vector<std::string>& names) { matcher_->select_file(names); }
const Rule* RuleEngine::match(const RuleInput& packet) { return matcher_->match(packet); }
void RuleEngine::check_link_types() const { matcher_->check_link_types(); }
std::vector<std::string> RuleEngine::warnings() const { return matcher_->warnings(); }

}  // namespace pcapml
