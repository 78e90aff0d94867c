// SPDX-License-Identifier: Apache-2.0
#include "golden_flows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "net/dns.h"
#include "net/dns_stream.h"
#include "net/flow_finder.h"
#include "pcapml/cursor.h"
#include "pcapml/name_resolver.h"

namespace pcapml {
namespace {

using test::GoldenFlow;

/// A flow that we do not agree on.
struct Exception {
  const char* capture;
  const char* end;  ///< address and port of one end
  const char* reason;
};

constexpr Exception kUnnamed[] = {
    {"capwap_data.pcapng", "10.1.3.68 47025", "within CAPWAP"},
    {"tls_invalid_reads.pcap", "10.191.139.17 58552", "within GTP"},
};

constexpr const char* kFuzzed = "fuzz-2006-06-26-2594.pcap";
constexpr Exception kUnasked[] = {
    {kFuzzed, "192.168.1.2 2763", "two questions are counted, one is there"},
    {kFuzzed, "192.168.9.2 2774", "no question is counted"},
    {kFuzzed, "240.168.1.2 2792", "100 questions are counted, one is there"},
    {kFuzzed, "192.168.1.2 2813", "a label of the name is longer than the message"},
    {"tls_certificate_too_long.pcap", "192.168.1.121 5353",
     "mDNS: not a question, but an answer without one"},
};

std::string text_of(const FlowKey& key) {
  return to_string(key.source) + " " + std::to_string(key.source_port) + " " + to_string(key.destination) +
         " " + std::to_string(key.destination_port);
}

template <std::size_t kSize>
bool is_exception(const Exception (&list)[kSize], const std::filesystem::path& capture, const FlowKey& key) {
  return std::any_of(std::begin(list), std::end(list), [&](const Exception& e) {
    return capture.filename() == e.capture && text_of(key).find(e.end) != std::string::npos;
  });
}

std::string normal(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (name.ends_with('.')) name.pop_back();
  return name;
}

using Names = std::map<FlowKey, std::set<std::string>>;

Names resolve(const std::filesystem::path& capture) {
  FlowFinder finder({});
  NameResolver resolver({});
  std::map<std::uint32_t, FlowKey> keys;
  test::for_each_packet(capture, [&](std::uint16_t link_type, const PacketView& packet) {
    const auto found = finder.find(link_type, packet.data, packet.timestamp_ns, packet.has_timestamp);
    if (!found) return;
    keys[found->flow.flow] = found->headers.flow.canonical();
    resolver.add(*found, link_type, packet.data);
  });
  resolver.finish();
  Names names;
  for (const auto& [flow, key] : keys)
    if (const auto name = resolver.name(flow).text; !name.empty()) names[key].emplace(name);
  return names;
}

bool speaks_tls(const GoldenFlow& flow) {
  const std::string protocol = flow.application.substr(0, flow.application.find('.'));
  constexpr const char* kProtocols[] = {"TLS", "QUIC", "DTLS", "POPS", "HTTP_Connect"};
  return std::find(std::begin(kProtocols), std::end(kProtocols), protocol) != std::end(kProtocols);
}

TEST(GoldenFlows, EveryTlsAndQuicNameIsOurs) {
  const auto captures = test::golden_captures();
  PCAPML_NEED_CORPUS(captures);
  std::size_t agreeing = 0;
  for (const auto& capture : captures) {
    const Names names = resolve(capture);
    for (const GoldenFlow& golden : test::golden_flows(capture)) {
      if (!speaks_tls(golden) || golden.name.empty()) continue;
      const auto ours = names.find(golden.key);
      const bool agrees = ours != names.end() && ours->second == std::set{normal(golden.name)};
      EXPECT_NE(agrees, is_exception(kUnnamed, capture, golden.key))
          << capture.filename() << " " << text_of(golden.key) << ": " << golden.name << ", but we say "
          << (ours == names.end() ? "nothing" : *ours->second.begin());
      if (agrees) ++agreeing;
    }
  }
  EXPECT_GE(agreeing, 96U);
}

/// What ldns escapes nDPI prints as '?', and a percent sign as '_'.
std::string printable(const std::string& name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool is_escape = name[i] == '\\' && i + 1 < name.size();
    const bool is_number = is_escape && name[i + 1] >= '0' && name[i + 1] <= '9';
    text += is_escape ? '?' : name[i] == '%' ? '_' : name[i];
    if (is_escape) i += is_number ? 3 : 1;
  }
  return normal(text);
}

void ask(const Bytes message, std::set<std::string>& questions) {
  DnsAnswer answer;
  parse_dns(message, answer);
  if (!answer.question.empty()) questions.insert(printable(answer.question));
}

Names questions_of(const std::filesystem::path& capture) {
  FlowFinder finder({});
  Names questions;
  std::map<FlowKey, DnsStream> streams;
  test::for_each_packet(capture, [&](std::uint16_t link_type, const PacketView& packet) {
    const auto found = finder.find(link_type, packet.data, packet.timestamp_ns, packet.has_timestamp);
    if (!found || found->is_partial || !found->headers.has_transport) return;
    const Headers& headers = found->headers;
    const FlowKey& key = headers.flow;
    Cursor at(found->bytes.first(headers.network_offset + headers.ip_captured));
    at.skip(headers.payload_offset);
    auto& names = questions[key.canonical()];
    if (key.protocol == 17) return ask(at.rest(), names);
    if (key.source_port != 53 && key.destination_port != 53) return;
    Cursor tcp(found->bytes);
    tcp.skip(headers.transport_offset + 4);
    DnsStream& stream = streams[key];
    stream.add(tcp.be32(), at.rest());
    for (Bytes message = stream.next(); !message.empty(); message = stream.next()) ask(message, names);
  });
  return questions;
}

TEST(GoldenFlows, EveryDnsQuestionIsRead) {
  const auto captures = test::golden_captures();
  PCAPML_NEED_CORPUS(captures);
  std::size_t agreeing = 0;
  for (const auto& capture : captures) {
    const Names questions = questions_of(capture);
    for (const GoldenFlow& golden : test::golden_flows(capture)) {
      const std::string& application = golden.application;
      const bool is_dns = application.starts_with("DNS") || application.starts_with("MDNS") ||
                          application.starts_with("LLMNR");
      if (!is_dns || golden.name.empty()) continue;
      const auto ours = questions.find(golden.key);
      const bool agrees = ours != questions.end() && ours->second.contains(normal(golden.name));
      EXPECT_NE(agrees, is_exception(kUnasked, capture, golden.key))
          << capture.filename() << " " << text_of(golden.key) << ": " << golden.name << ", but we read "
          << ::testing::PrintToString(ours == questions.end() ? std::set<std::string>{} : ours->second);
      if (agrees) ++agreeing;
    }
  }
  EXPECT_GE(agreeing, 192U);
}

}  // namespace
}  // namespace pcapml
