// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pcapml::selftest {

/// What every payload begins with: "st-udp-cli>st-udp-srv 7;", who sends it and who is to receive it.
struct Word {
  std::string sender;
  std::vector<std::string> receivers;  ///< any of them is right: "st-a-par|st-a-chd"
};

inline constexpr std::string_view kNamePrefix = "st-";

std::string word(const std::string& sender, const std::string& receivers, unsigned number);

/// nullopt where the payload does not begin with one.
std::optional<Word> parse_word(std::string_view payload);

/// The kind of traffic that a process belongs to: "udp" of "st-udp-cli".
std::string_view kind_of(std::string_view process);

}  // namespace pcapml::selftest
