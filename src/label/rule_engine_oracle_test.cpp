// SPDX-License-Identifier: Apache-2.0
// The engine against libpcap itself, rules tried one after the other.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "label/filter_samples.h"
#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) { return random() % n; }

/// Few values, so that packets and filters meet.
const char* address(Random& random) {
  constexpr const char* kAddresses[] = {"10.0.0.1",    "10.0.0.2",    "10.1.0.1",
                                        "192.168.7.3", "2001:db8::1", "fe80::2"};
  return kAddresses[below(random, std::size(kAddresses))];
}
int port(Random& random) {
  constexpr int kPorts[] = {53, 80, 443, 1024, 6000, 65535};
  return kPorts[below(random, std::size(kPorts))];
}

std::string primitive(Random& random) {
  const auto pick = [&](auto... text) {
    return std::string(std::array{text...}[below(random, sizeof...(text))]);
  };
  const std::string way = pick("", "src ", "dst ");
  const std::string protocol = pick("", "tcp ", "udp ");
  switch (below(random, 12)) {
    case 0: return way + "host " + address(random);
    case 1: return protocol + way + "port " + std::to_string(port(random));
    case 2:
      return protocol + way + "portrange " + std::to_string(below(random, 1000)) + "-" +
             std::to_string(1000 + port(random) / 2);
    case 3: return way + pick("net 10.0.0.0/16", "net 192.168.0.0/16", "net 2001:db8::/32");
    case 4: return pick("ip", "ip6", "tcp", "udp", "icmp", "arp", "sctp", "vlan", "vlan 7", "mpls");
    case 5: return pick("len > ", "len <= ", "greater ", "less ") + std::to_string(below(random, 120));
    case 6:
      return "ip[" + std::to_string(below(random, 40)) + pick("", ":2", ":4") + "] " +
             pick("& 15 = 5", "> 10", "!= 0", "< 200");
    case 7: return "tcp[tcpflags] & (tcp-syn|tcp-fin) " + pick("!= 0", "= 0");
    case 8:
      return pick("tcp", "udp", "ip6", "link") + "[" + std::to_string(below(random, 20)) + "] " +
             pick("= 0", "> 3");
    case 9: return "ip proto " + std::to_string(below(random, 20));
    case 10: return pick("ether", "wlan") + " host 02:00:00:00:00:01";
    default: break;
  }
  // Around geneve, libpcap's programs read memory that they never wrote: there is no right answer.
  std::string sample = "geneve";
  while (sample.find("geneve") != sample.npos)
    sample = test::kFilters[below(random, std::size(test::kFilters))];
  return sample;
}

std::string filter(Random& random, int depth = 2) {
  if (depth == 0 || below(random, 3) == 0) return primitive(random);
  const char* joint = below(random, 2) == 0 ? " and " : " or ";
  const char* negation = below(random, 4) == 0 ? "not " : "";
  return negation + ("(" + filter(random, depth - 1)) + ")" + joint + filter(random, depth - 1);
}

void put16(std::string& out, unsigned v) { out += {static_cast<char>(v >> 8), static_cast<char>(v)}; }

std::string ip_packet(Random& random, bool six) {
  const unsigned char protocols[] = {6, 17, 1, 58, 132, static_cast<unsigned char>(random())};
  const char protocol = static_cast<char>(protocols[below(random, 6)]);
  std::string packet;
  if (six) {
    packet = std::string("\x60\0\0\0\0\x28", 6) + protocol + '\x40';
    for (int i = 0; i < 2; ++i)
      packet += below(random, 2) == 0 ? std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16)
                                      : std::string("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
  } else {
    const bool options = below(random, 5) == 0;
    packet = std::string(options ? "\x46" : "\x45") + std::string("\0\0\x3c\0\0", 5);
    put16(packet, below(random, 8) == 0 ? static_cast<unsigned>(random() & 0x3fff) : 0);  // fragments
    packet += '\x40';
    packet += protocol + std::string("\0\0", 2);
    const std::string addresses[] = {
        {"\x0a\0\0\1", 4}, {"\x0a\0\0\2", 4}, {"\x0a\1\0\1", 4}, {"\xc0\xa8\7\3", 4}};
    packet += addresses[below(random, 4)] + addresses[below(random, 4)];
    if (options) packet += std::string("\1\1\1\0", 4);
  }
  put16(packet, static_cast<unsigned>(port(random)));
  put16(packet, static_cast<unsigned>(port(random)));
  for (int i = 0; i < 24; ++i) packet += static_cast<char>(random() % 4 == 0 ? random() : 0);
  return packet;
}

std::string packet(Random& random, std::uint16_t link_type) {
  const bool six = below(random, 3) == 0;
  const std::string ether_type(six ? "\x86\xdd" : "\x08\0", 2);
  const std::string ip = ip_packet(random, six);
  const std::string macs("\2\0\0\0\0\1\2\0\0\0\0\2", 12);
  std::string whole;
  if (below(random, 12) == 0) {
    for (std::size_t n = below(random, 80); n > 0; --n) whole += static_cast<char>(random());
  } else if (link_type == 1) {
    const std::size_t kind = below(random, 6);
    if (kind == 0)
      whole = macs + std::string("\x81\0\0\7", 4) + ether_type + ip;
    else if (kind == 1)
      whole =
          macs + std::string("\x08\x06\0\1\x08\0\6\4\0\1\2\0\0\0\0\1\x0a\0\0\1\0\0\0\0\0\0\x0a\0\0\2", 30);
    else
      whole = macs + ether_type + ip;
  } else if (link_type == 0) {
    whole = std::string(six ? "\x1e\0\0\0" : "\2\0\0\0", 4) + ip;
  } else if (link_type == 113) {
    whole = std::string("\0\0\0\1\0\6\2\0\0\0\0\1\0\0", 14) + ether_type + ip;
  } else if (link_type == 276) {
    whole = ether_type + std::string("\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0", 18) + ip;
  } else if (link_type == 9) {
    whole = std::string(six ? "\xff\x03\0\x57" : "\xff\x03\0\x21", 4) + ip;
  } else {
    whole = ip;
  }
  if (below(random, 3) == 0) whole.resize(below(random, whole.size() + 1));
  return whole;
}

/// Programs as `tcpdump -r` would make them: from a handle on a file with this link type in its header.
class Oracle {
 public:
  ~Oracle() {
    for (auto& [key, program] : programs_) pcap_freecode(&program.code);
    for (auto& [link_type, handle] : handles_) pcap_close(handle);
  }

  const Rule* match(const std::vector<Rule>& rules, const RuleInput& input) {
    for (const Rule& rule : rules) {
      if (rule.has_window && (input.timestamp_ns < rule.start_ns || input.timestamp_ns > rule.end_ns))
        continue;
      if (rule.filter.empty() || matches(rule.filter, input)) return &rule;
    }
    return nullptr;
  }
  std::size_t tried() const { return tried_; }
  std::size_t matched() const { return matched_; }

 private:
  struct Program {
    bpf_program code{};
    bool compiled = false;
  };

  bool matches(const std::string& text, const RuleInput& input) {
    const auto [known, is_new] = programs_.try_emplace({text, input.link_type});
    Program& program = known->second;
    if (is_new)
      program.compiled =
          pcap_compile(handle(input.link_type), &program.code, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0;
    ++tried_;
    if (!program.compiled) return false;
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(input.data.size());
    header.len = input.original_length;
    const bool answer =
        pcap_offline_filter(&program.code, &header, reinterpret_cast<const u_char*>(input.data.data())) != 0;
    matched_ += answer ? 1 : 0;
    return answer;
  }

  pcap_t* handle(std::uint16_t link_type) {
    pcap_t*& known = handles_[link_type];
    if (known != nullptr) return known;
    std::FILE* file = std::tmpfile();
    const pcap_file_header header{0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type};
    std::fwrite(&header, sizeof header, 1, file);
    std::rewind(file);
    char error[PCAP_ERRBUF_SIZE];
    known = pcap_fopen_offline(file, error);
    return known;
  }

  std::map<std::uint16_t, pcap_t*> handles_;
  std::map<std::pair<std::string, std::uint16_t>, Program> programs_;
  std::size_t tried_ = 0, matched_ = 0;
};

TEST(EngineProperty, AnswersAsTryingTheRulesOneAfterTheOther) {
  Random random(20'240'101);
  std::size_t answers = 0, labelled = 0, tried = 0;
  constexpr std::uint16_t kLinkTypes[] = {1, 1, 1, 101, 113, 276, 0, 9, 228, 105, 220, 147};
  for (int round = 0; round < 150; ++round) {
    std::vector<Rule> rules(1 + below(random, 12));
    for (Rule& rule : rules) {
      if (below(random, 10) != 0) rule.filter = below(random, 4) == 0 ? rules[0].filter : filter(random);
      if (below(random, 3) != 0) continue;
      rule.has_window = true;
      rule.start_ns = static_cast<std::int64_t>(below(random, 100));
      rule.end_ns = rule.start_ns + static_cast<std::int64_t>(below(random, 60));
    }
    RuleEngine engine(rules, "rules");
    Oracle oracle;
    for (int i = 0; i < 100; ++i) {
      const std::uint16_t link_type = kLinkTypes[below(random, std::size(kLinkTypes))];
      const std::string bytes = packet(random, link_type);
      const RuleInput input{.link_type = link_type,
                            .data = as_bytes(bytes),
                            .original_length = static_cast<std::uint32_t>(bytes.size() + random() % 3 * 40),
                            .timestamp_ns = static_cast<std::int64_t>(below(random, 160))};
      const Rule* expected = oracle.match(rules, input);
      const Rule* found = engine.match(input);
      ASSERT_EQ(found, expected) << "round " << round << ", packet " << i << ", link type " << link_type;
      ++answers;
      labelled += found != nullptr ? 1 : 0;
    }
    tried += oracle.tried();
  }
  EXPECT_GE(tried, 20'000U);
  EXPECT_GT(labelled, answers / 4);
  EXPECT_LT(labelled, answers * 9 / 10);
}

}  // namespace
}  // namespace pcapml
