// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pcapml {

/// A sentence on why the kernel refused `action`, with the remedy. `words` is what libbpf said.
std::string trouble(std::string_view action, int error, std::string_view words);

}  // namespace pcapml
