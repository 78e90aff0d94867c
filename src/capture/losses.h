// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

namespace pcapml {

/// Packets lost, by network namespace, interface and direction.
using Losses = std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint64_t>;

}  // namespace pcapml
