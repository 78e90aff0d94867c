// SPDX-License-Identifier: Apache-2.0
#include "label/process_condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "label/text.h"

namespace pcapml {
namespace {

using Key = ProcessCondition::Key;
using Operator = ProcessCondition::Operator;

constexpr std::array<std::pair<std::string_view, Key>, 6> kKeys = {{{"name", Key::name},
                                                                    {"path", Key::path},
                                                                    {"args", Key::args},
                                                                    {"cgroup", Key::cgroup},
                                                                    {"pid", Key::pid},
                                                                    {"uid", Key::uid}}};

/// Longer ones first.
constexpr std::array<std::pair<std::string_view, Operator>, 6> kOperators = {{{"!=", Operator::not_equal},
                                                                              {"<=", Operator::at_most},
                                                                              {">=", Operator::at_least},
                                                                              {"=", Operator::equal},
                                                                              {"<", Operator::less},
                                                                              {">", Operator::greater}}};

/// Takes the first of these words that the text begins with off its front.
template <class Words>
auto take(std::string_view& text, const Words& words) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const auto& word) { return text.starts_with(word.first); });
  if (found == words.end()) return std::optional<decltype(found->second)>{};
  text.remove_prefix(found->first.size());
  return std::optional(found->second);
}

}  // namespace

bool parse_process_condition(std::string_view text, ProcessCondition& condition, std::string& reason) {
  std::string_view rest = text;
  const auto key = take(rest, kKeys);
  const auto comparison = key ? take(rest, kOperators) : std::nullopt;
  if (!comparison) {
    reason = fmt::format(
        "PROC: {} is no condition; write name, path, args, cgroup, pid or uid, then = or != (for pid and uid "
        "also <, <=, > or >=), then a value",
        shown(text));
    return false;
  }
  condition = {*key, *comparison, {}, 0};
  if (rest.empty()) {
    reason = fmt::format("PROC: {} has no value", shown(text));
  } else if (is_number(*key)) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), condition.number);
    if (error != std::errc{} || end != rest.data() + rest.size())
      reason = fmt::format("PROC: {} is no number of 32 bits", shown(rest));
  } else if (*comparison != Operator::equal && *comparison != Operator::not_equal) {
    reason = fmt::format("PROC: {} compares a text; that takes = or != and a shell pattern", shown(text));
  } else {
    condition.pattern = rest;
  }
  return reason.empty();
}

std::optional<std::string> text_of(const ProcessInfo& info, Key key) {
  const auto known = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  switch (key) {
    case Key::name: return known(info.name);
    case Key::path: return known(info.path);
    case Key::cgroup: return known(info.cgroup);
    case Key::args: {
      auto text = known(info.command_line);
      if (!text) return text;
      while (text->ends_with('\0')) text->pop_back();
      std::replace(text->begin(), text->end(), '\0', ' ');
      return text;
    }
    case Key::pid:
    case Key::uid: break;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> number_of(const ProcessInfo& info, Key key) {
  return key == Key::pid ? std::optional(info.pid) : key == Key::uid ? info.uid : std::nullopt;
}

bool holds(const ProcessCondition& condition, std::uint32_t number) {
  switch (condition.comparison) {
    case Operator::equal: return number == condition.number;
    case Operator::not_equal: return number != condition.number;
    case Operator::less: return number < condition.number;
    case Operator::at_most: return number <= condition.number;
    case Operator::greater: return number > condition.number;
    case Operator::at_least: return number >= condition.number;
  }
  return false;
}

}  // namespace pcapml
