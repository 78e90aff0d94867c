// SPDX-License-Identifier: Apache-2.0
// For tests: rules tried one after the other.
#pragma once

#include <fnmatch.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/process_block.h"
#include "pcapml/rule_engine.h"

namespace pcapml::test {

/// So many times the work of an ordinary run.
inline int effort() {
  const char* wanted = std::getenv("PCAPML_PROPERTY_EFFORT");
  return wanted == nullptr ? 1 : std::max(1, std::atoi(wanted));
}

/// Programs as `tcpdump -r` would make them: from a handle on a file with this link type in its header.
class Oracle {
 public:
  ~Oracle() {
    for (auto& [key, program] : programs_) pcap_freecode(&program.code);
    for (auto& [link_type, handle] : handles_) pcap_close(handle);
  }

  const Rule* match(const std::vector<Rule>& rules, const RuleInput& input) {
    for (const Rule& rule : rules) {
      if (rule.has_window &&
          (!input.has_timestamp || input.timestamp_ns < rule.start_ns || input.timestamp_ns > rule.end_ns))
        continue;
      if (!holds(rule.carried, input)) continue;
      if (rule.filter.empty() || matches(rule.filter, input)) return &rule;
    }
    return nullptr;
  }
  /// Blocks of the section so far.
  std::vector<ProcessInfo> processes;

  std::size_t tried() const { return tried_; }
  std::size_t matched() const { return matched_; }

 private:
  struct Program {
    bpf_program code{};
    bool compiled = false;
  };

  /// Patterns of ASCII without NUL, as the C library matches them in the C locale.
  static bool matches(const std::string& pattern, const std::string& text, int flags = 0) {
    return ::fnmatch(pattern.c_str(), text.c_str(), flags) == 0;
  }

  bool holds(const CarriedConditions& asked, const RuleInput& input) const {
    const auto label = input.label == nullptr ? std::nullopt : std::optional(decode_label(*input.label));
    if (!asked.label.empty() && (!label || !matches(asked.label, label->name))) return false;
    if (!asked.destination.empty()) {
      const std::string* dst = label ? label->field("dst") : nullptr;
      if (dst == nullptr || dst->empty() || !matches(asked.destination, *dst, FNM_CASEFOLD)) return false;
    }
    if (asked.direction != 0 && (!label || label->direction() != asked.direction)) return false;
    if (asked.process.empty()) return true;
    const auto process = process_of(input);
    return process && std::all_of(asked.process.begin(), asked.process.end(),
                                  [&](const auto& condition) { return holds(condition, *process); });
  }

  std::optional<ProcessInfo> process_of(const RuleInput& input) const {
    if (!input.pid) return std::nullopt;
    ProcessInfo best;
    best.pid = *input.pid;
    std::optional<std::int64_t> begun;
    for (const ProcessInfo& process : processes) {
      const bool is_old =
          process.start_time_ns == 0 || (input.has_timestamp && process.start_time_ns <= input.timestamp_ns);
      if (process.pid != *input.pid || !is_old || (begun && process.start_time_ns < *begun)) continue;
      best = process;
      begun = process.start_time_ns;
    }
    return best;
  }

  static bool holds(const ProcessCondition& condition, const ProcessInfo& process) {
    using Key = ProcessCondition::Key;
    using Operator = ProcessCondition::Operator;
    if (condition.key == Key::pid || condition.key == Key::uid) {
      if (condition.key == Key::uid && !process.uid) return false;
      const std::uint32_t number = condition.key == Key::pid ? process.pid : *process.uid;
      switch (condition.comparison) {
        case Operator::equal: return number == condition.number;
        case Operator::not_equal: return number != condition.number;
        case Operator::less: return number < condition.number;
        case Operator::at_most: return number <= condition.number;
        case Operator::greater: return number > condition.number;
        case Operator::at_least: return number >= condition.number;
      }
    }
    const std::string& text = condition.key == Key::name   ? process.name
                              : condition.key == Key::path ? process.path
                              : condition.key == Key::args ? process.command_line
                                                           : process.cgroup;
    return !text.empty() && matches(condition.pattern, text) == (condition.comparison == Operator::equal);
  }

  bool matches(const std::string& text, const RuleInput& input) {
    const auto [known, is_new] = programs_.try_emplace({text, input.link_type});
    Program& program = known->second;
    if (is_new)
      program.compiled =
          pcap_compile(handle(input.link_type), &program.code, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0;
    ++tried_;
    if (!program.compiled) return false;
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(input.data.size());
    header.len = input.original_length;
    const bool answer =
        pcap_offline_filter(&program.code, &header, reinterpret_cast<const u_char*>(input.data.data())) != 0;
    matched_ += answer ? 1 : 0;
    return answer;
  }

  pcap_t* handle(std::uint16_t link_type) {
    pcap_t*& known = handles_[link_type];
    if (known != nullptr) return known;
    std::FILE* file = std::tmpfile();
    const pcap_file_header header{0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type};
    std::fwrite(&header, sizeof header, 1, file);
    std::rewind(file);
    char error[PCAP_ERRBUF_SIZE];
    known = pcap_fopen_offline(file, error);
    return known;
  }

  std::map<std::uint16_t, pcap_t*> handles_;
  std::map<std::pair<std::string, std::uint16_t>, Program> programs_;
  std::size_t tried_ = 0, matched_ = 0;
};

}  // namespace pcapml::test
