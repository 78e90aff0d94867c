// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

namespace pcapml {

/// The first word of a pcap filter that libpcap would look up as the name of a host, a network or a network
/// card, and so ask a name server or a file of this machine. Words that are names of ports, protocols,
/// interfaces and the like do not count. May name a word of a filter that is malformed anyway.
///
/// `is_keyword` says of a word (letters, digits, `.`, `_`, `-`) whether the filter language itself knows it,
/// as keyword, number or address; libpcap is best asked, because every version knows some more.
std::optional<std::string_view> find_host_name(std::string_view filter,
                                               const std::function<bool(std::string_view)>& is_keyword);

/// How many conditions `and` and `or` join, in about: what the time to compile a filter grows with.
std::size_t count_terms(std::string_view filter);

}  // namespace pcapml
