// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "build_capture.h"
#include "pcapml/summary.h"

namespace pcapml::test {

inline constexpr unsigned kRaw = 101;

/// Summaries of captures that a test builds; they lie in a directory of their own.
class Summary : public testing::Test {
 protected:
  Summary() {
    std::string name = (std::filesystem::temp_directory_path() / "pcapml-summary-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    request_.input = (directory_ / "in.pcapng").string();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  SummaryResult of(const Builder& capture) {
    std::ofstream file(request_.input, std::ios::binary);
    file.write(reinterpret_cast<const char*>(capture.bytes().data()),
               static_cast<std::streamsize>(capture.bytes().size()));
    file.close();
    return summarize(request_);
  }

  std::filesystem::path directory_;
  SummaryRequest request_;
};

struct Ends {
  unsigned source, destination, source_port, destination_port;
  Ends reversed() const { return {destination, source, destination_port, source_port}; }
};

/// An IPv4 packet without payload; `fragment` as in the header.
inline std::string udp(const Ends& ends, unsigned fragment = 0) {
  Builder packet(ByteOrder::big);
  packet.u8(0x45).u8(0).u16(28).u16(0).u16(fragment).u8(64).u8(17).u16(0);
  packet.u32(0x0a000000 + ends.source).u32(0x0a000000 + ends.destination);
  packet.u16(ends.source_port).u16(ends.destination_port).u16(8).u16(0);
  return std::string(as_text(packet.bytes()));
}

inline std::string udp() { return udp({1, 2, 1000, 53}); }

inline Builder begin(ByteOrder order = ByteOrder::little) { return Builder(order).section().interface(kRaw); }

inline void add(Builder& file, std::uint64_t microseconds, const std::string& packet,
                std::string_view label = {}) {
  Builder options = file.inner();
  if (!label.empty()) options.comment(label).end_of_options();
  file.enhanced(0, microseconds, packet, options);
}

inline std::vector<std::string> names(const SummaryResult& result) {
  std::vector<std::string> names;
  for (const auto& group : result.groups) names.push_back(group.name);
  return names;
}

}  // namespace pcapml::test
