// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "pcapml/headers.h"

namespace pcapml {

/// Hashes under a secret that each process draws anew, so that no capture can be made whose keys all collide.
/// Good in every bit; never to be shown or stored. Thread-safe.
std::uint64_t keyed_hash(const FlowKey& key) noexcept;
std::uint64_t keyed_hash(std::uint64_t number) noexcept;
std::uint64_t keyed_hash(std::string_view text) noexcept;

}  // namespace pcapml
