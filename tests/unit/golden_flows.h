// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>

#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "corpus.h"
#include "pcapml/error.h"
#include "pcapml/headers.h"
#include "pcapml/reader.h"

/// The captures of the shared corpus, and what nDPI says of their flows.
namespace pcapml::test {

/// One flow in an expected/*.flows file.
struct GoldenFlow {
  FlowKey key;              ///< canonical
  std::string application;  ///< such as TLS.Google
  std::string name;         ///< Hostname/SNI, as it stands there; may be empty
};

inline std::optional<IpAddress> parse_address(std::string text) {
  IpAddress address;
  address.version = text.starts_with('[') ? 6 : 4;
  if (address.version == 6) text = text.substr(1, text.size() - 2);
  const int family = address.version == 6 ? AF_INET6 : AF_INET;
  if (inet_pton(family, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

inline std::optional<GoldenFlow> parse_golden_flow(const std::string& line) {
  static const std::regex ends(R"(^\s*\d+\s+(TCP|UDP) (\S+):(\d+) (?:<->|->) (\S+):(\d+) )");
  static const std::regex protocol(R"(\[proto: (?:GTP:|CAPWAP:)?[0-9.]+/([^\]]*)\])");
  static const std::regex hostname(R"(\[Hostname/SNI: ([^\]]*)\])");
  std::smatch found;
  if (!std::regex_search(line, found, ends)) return std::nullopt;
  const auto source = parse_address(found[2]), destination = parse_address(found[4]);
  if (!source || !destination) return std::nullopt;
  const auto port = [&](std::size_t i) { return static_cast<std::uint16_t>(std::stoul(found[i])); };
  const FlowKey key{*source, *destination, port(3), port(5),
                    found[1] == "TCP" ? std::uint8_t{6} : std::uint8_t{17}};
  GoldenFlow flow{key.canonical(), "", ""};
  if (std::regex_search(line, found, protocol)) flow.application = found[1];
  if (std::regex_search(line, found, hostname)) flow.name = found[1];
  return flow;
}

inline std::vector<GoldenFlow> golden_flows(const std::filesystem::path& capture) {
  std::ifstream in(capture.parent_path() / "expected" / (capture.filename().string() + ".flows"));
  std::vector<GoldenFlow> flows;
  for (std::string line; std::getline(in, line);)
    if (auto flow = parse_golden_flow(line)) flows.push_back(std::move(*flow));
  return flows;
}

inline std::vector<std::filesystem::path> golden_captures() {
  std::vector<std::filesystem::path> captures;
  for (auto& file : corpus_files("dpi", ""))
    if (file.extension() == ".pcap" || file.extension() == ".pcapng") captures.push_back(std::move(file));
  return captures;
}

/// Calls visit(link type, packet) for each packet before the end or the first damage.
template <class Visit>
void for_each_packet(const std::filesystem::path& capture, Visit visit) {
  Reader reader = open_reader(capture.string());
  try {
    while (const PacketView* packet = reader.next_packet())
      visit(reader.interfaces()[packet->interface].link_type, *packet);
  } catch (const FormatError&) {  // a few are damaged; nDPI read what comes before, too
  }
}

}  // namespace pcapml::test
