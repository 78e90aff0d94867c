// SPDX-License-Identifier: Apache-2.0
#include "pcapml/rule_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "label/bpf_filter.h"
#include "label/carried.h"
#include "label/rules_in_force.h"
#include "label/text.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// A filter that takes longer to compile is named.
constexpr std::chrono::seconds kSlow{1};

/// The rules in force for one link type, and what became of their filters.
struct InForce {
  std::optional<RulesInForce> rules;
  std::vector<std::uint32_t> failed;  ///< filters that do not compile
  std::uint64_t packets = 0;          ///< met since
};

/// What the engine knows about one link type.
struct Link {
  LinkLayer layer;
  std::unordered_map<std::uint32_t, CompiledFilter> filters;  ///< by number, those needed so far
  InForce common, own;                                        ///< rules without and with FILE:
  std::unordered_map<std::uint32_t, std::uint64_t> untried;   ///< filter → packets, of earlier files
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
      std::uint32_t filter = kNoRule;
      if (!rule.filter.empty()) {
        filter = numbers.try_emplace(rule.filter, static_cast<std::uint32_t>(users_.size())).first->second;
        if (filter == users_.size()) users_.emplace_back();
        users_[filter].push_back(i);
      }
      filter_of_.push_back(filter);
      set_of_.push_back(carried_.add(rule));
      if (rule.file.empty())
        common_.push_back(i);
      else
        by_file_[normal(rule.file)].push_back(i);
    }
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
    const FilterInput input{packet.data, packet.original_length};
    const auto time = packet.has_timestamp ? std::optional(packet.timestamp_ns) : std::nullopt;
    const ConditionSets::Sets sets = carried_.holding(packet, time);
    ++link.common.packets;
    std::uint32_t first = kNoRule;
    if (!own_.empty()) {
      if (!link.own.rules) make(link, own_, link.own);
      ++link.own.packets;
      first = link.own.rules->first_match(sets, input, time, first);
    }
    first = link.common.rules->first_match(sets, input, time, first);
    return first == kNoRule ? nullptr : &rules_[first];
  }

  Carried& carried() { return carried_; }

  void check_link_types() const {
    std::string message;
    const std::vector<Outcome> outcomes = all_outcomes();
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      if (!in_force_[i] || filter_of_[i] == kNoRule) continue;
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

  std::vector<std::string> covered_rules(std::size_t most) const {
    std::unordered_map<std::uint32_t, std::pair<std::size_t, std::uint32_t>> found;  // link types, by
    std::unordered_map<std::uint32_t, std::size_t> compiled;                         // link types
    bool is_complete = true;
    for (const Link& link : links_) {
      const Coverage coverage = link.common.rules->covered(rules_);
      is_complete = is_complete && coverage.is_complete;
      link.common.rules->for_each_rule([&](std::uint32_t rule) { ++compiled[rule]; });
      for (const auto& [rule, by] : coverage.covered) {
        auto& [links, first] = found.try_emplace(rule, 0, by).first->second;
        ++links;
      }
    }
    std::vector<std::string> lines;
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      const auto covered = found.find(i);
      if (covered == found.end() || covered->second.first < compiled[i] || ++count > most) continue;
      lines.push_back(fmt::format("{}:{}: the rule for {} can never match: line {} comes before it", path_,
                                  rules_[i].line, shown(rules_[i].label),
                                  rules_[covered->second.second].line));
    }
    if (count > most) lines.push_back(fmt::format("{}: {} more rules can never match", path_, count - most));
    if (!is_complete)
      lines.push_back(fmt::format("{}: too many rules to look at all for such that can never match", path_));
    return lines;
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
      if (outcome.time >= kSlow)
        lines.push_back(fmt::format(
            "{}:{}: filter {} took libpcap {:.1f} s; split it into several rules that share a "
            "hash_key",
            path_, rule.line, shown(rule.filter), std::chrono::duration<double>(outcome.time).count()));
      if (outcome.compiled > 0 && outcome.failed > 0)
        lines.push_back(fmt::format("{}:{}: filter {} was not tried on {} packet{}: {}", path_, rule.line,
                                    shown(rule.filter), outcome.untried, outcome.untried == 1 ? "" : "s",
                                    outcome.reasons));
    }
    add_unread_files(lines);
    carried_.add_warnings(path_, lines);
    return lines;
  }

 private:
  /// A filter over all link types met while it was in force.
  struct Outcome {
    std::size_t compiled = 0, never = 0, failed = 0;
    std::uint64_t untried = 0;
    std::string reasons;
    std::chrono::nanoseconds time{0};
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

  void make(Link& link, const std::vector<std::uint32_t>& rules, InForce& in_force) {
    in_force.rules.emplace();
    for (const std::uint32_t i : rules) {
      const FilterProgram* program = nullptr;
      if (const std::uint32_t filter = filter_of_[i]; filter != kNoRule) {
        const auto [known, is_new] = link.filters.try_emplace(filter);
        if (is_new) known->second = compiler_.compile(rules_[i].filter, link.layer);
        if (!known->second.error.empty()) in_force.failed.push_back(filter);
        program = known->second.program.get();
        if (program == nullptr) continue;
      }
      in_force.rules->add(set_of_[i], i, program);
    }
    in_force.rules->build(rules_);
    std::sort(in_force.failed.begin(), in_force.failed.end());
    in_force.failed.erase(std::unique(in_force.failed.begin(), in_force.failed.end()), in_force.failed.end());
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
        outcome.time += found->second.time;
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
    const auto failed_in = [filter](const InForce& rules) {
      return std::binary_search(rules.failed.begin(), rules.failed.end(), filter);
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
  std::vector<std::uint32_t> filter_of_;           ///< number of each rule's filter, or kNoRule
  std::vector<std::vector<std::uint32_t>> users_;  ///< rules of each filter
  std::vector<std::uint32_t> set_of_;              ///< what each rule asks of what packets carry
  std::vector<std::uint32_t> common_, own_;  ///< rules without FILE:, and those that name the file selected
  std::unordered_map<std::string, std::vector<std::uint32_t>> by_file_;
  std::vector<bool> in_force_;  ///< each rule, ever
  FilterCompiler compiler_;
  Carried carried_;
  std::vector<Link> links_;
  std::size_t last_ = 0;  ///< link of the packet before
};

RuleEngine::RuleEngine(const std::vector<Rule>& rules, std::string path)
    : matcher_(std::make_unique<Matcher>(rules, std::move(path))) {}
RuleEngine::~RuleEngine() = default;
RuleEngine::RuleEngine(RuleEngine&&) noexcept = default;
RuleEngine& RuleEngine::operator=(RuleEngine&&) noexcept = default;

void RuleEngine::select_file(const std::vector<std::string>& names) { matcher_->select_file(names); }
bool RuleEngine::asks_processes() const { return matcher_->carried().asks_processes(); }
void RuleEngine::begin_section(const Section& section, const std::string& path) {
  matcher_->carried().begin_section(section, path);
}
void RuleEngine::block(const BlockView& block) { matcher_->carried().block(block); }
const Rule* RuleEngine::match(const RuleInput& packet) { return matcher_->match(packet); }
void RuleEngine::check_link_types() const { matcher_->check_link_types(); }
std::vector<std::string> RuleEngine::warnings() const { return matcher_->warnings(); }
std::vector<std::string> RuleEngine::covered_rules(std::size_t most) const {
  return matcher_->covered_rules(most);
}

}  // namespace pcapml
