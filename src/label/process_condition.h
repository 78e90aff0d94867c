// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "format/process_block.h"
#include "pcapml/rules.h"

namespace pcapml {

/// Reads `<key><op><value>` of PROC:. False where it is malformed: `reason` then says why.
bool parse_process_condition(std::string_view text, ProcessCondition& condition, std::string& reason);

/// What the process tells; nullopt where it does not. The command line has spaces between its arguments.
std::optional<std::string> text_of(const ProcessInfo& info, ProcessCondition::Key key);
std::optional<std::uint32_t> number_of(const ProcessInfo& info, ProcessCondition::Key key);

/// pid and uid are numbers, the others texts.
constexpr bool is_number(ProcessCondition::Key key) {
  return key == ProcessCondition::Key::pid || key == ProcessCondition::Key::uid;
}

/// Of a condition on a number.
bool holds(const ProcessCondition& condition, std::uint32_t number);

}  // namespace pcapml
