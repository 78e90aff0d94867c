// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace pcapml {

/// "ethernet" for LINKTYPE_ETHERNET and so on; the number of a less common one.
std::string link_type_name(std::uint16_t link_type);

}  // namespace pcapml
