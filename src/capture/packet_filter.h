// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "label/bpf_filter.h"

namespace pcapml {

/// A filter of libpcap for IP packets without a link layer; nullptr for none. Throws UsageError.
std::unique_ptr<FilterProgram> packet_filter(const std::string& text);

}  // namespace pcapml
