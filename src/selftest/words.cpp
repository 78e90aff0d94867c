// SPDX-License-Identifier: Apache-2.0
#include "selftest/words.h"

#include <fmt/format.h>

namespace pcapml::selftest {

std::string word(const std::string& sender, const std::string& receivers, unsigned number) {
  return fmt::format("{}>{} {};", sender, receivers, number);
}

std::optional<Word> parse_word(std::string_view payload) {
  const std::size_t arrow = payload.find('>'), blank = payload.find(' ');
  if (!payload.starts_with(kNamePrefix) || arrow == std::string_view::npos ||
      blank == std::string_view::npos || blank < arrow)
    return std::nullopt;
  Word result{std::string(payload.substr(0, arrow)), {}};
  std::string_view names = payload.substr(arrow + 1, blank - arrow - 1);
  while (true) {
    const std::size_t bar = names.find('|');
    result.receivers.emplace_back(names.substr(0, bar));
    if (bar == std::string_view::npos) return result;
    names.remove_prefix(bar + 1);
  }
}

std::string_view kind_of(std::string_view process) {
  if (!process.starts_with(kNamePrefix)) return {};
  process.remove_prefix(kNamePrefix.size());
  return process.substr(0, process.find('-'));
}

}  // namespace pcapml::selftest
