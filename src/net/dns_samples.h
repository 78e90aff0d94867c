// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/packet_samples.h"

/// DNS messages for tests.
namespace pcapml::samples {

inline std::string dns_name(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    wire += be8(static_cast<unsigned>(dot));
    wire += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return wire + be8(0);
}

inline std::string dns_record(std::string_view owner, unsigned type, const std::string& data) {
  return dns_name(owner) + be16(type) + be16(1) + be32(300) + be16(static_cast<unsigned>(data.size())) + data;
}
inline std::string dns_a(std::string_view owner, unsigned address) {
  return dns_record(owner, 1, be32(address));
}
inline std::string dns_cname(std::string_view owner, std::string_view target) {
  return dns_record(owner, 5, dns_name(target));
}

inline std::string dns_message(std::string_view question, const std::vector<std::string>& records,
                               unsigned flags = 0x8180, unsigned type = 1) {
  std::string message = be16(0x1234) + be16(flags) + be16(1) + be16(static_cast<unsigned>(records.size())) +
                        zeros(4) + dns_name(question) + be16(type) + be16(1);
  for (const auto& record : records) message += record;
  return message;
}

}  // namespace pcapml::samples
