// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "join/record_values.h"
#include "net/ip_protocol.h"

namespace pcapml {
namespace {

struct Named {
  std::string_view name;
  std::uint8_t number;
};

/// IANA's keywords in lower case, and other names that Argus and Zeek write; sorted.
constexpr std::array kProtocols = {
    Named{"3pc", 34},         Named{"a/n", 107},        Named{"aes-sp3-d", 96},  Named{"ah", 51},
    Named{"any", 61},         Named{"argus", 13},       Named{"aris", 104},      Named{"ax.25", 93},
    Named{"bbn-rcc", 10},     Named{"bbn-rcc-mon", 10}, Named{"bna", 49},        Named{"br-sat-mon", 76},
    Named{"cbt", 7},          Named{"cftp", 62},        Named{"chaos", 16},      Named{"compaq-peer", 110},
    Named{"cphb", 73},        Named{"cpnx", 72},        Named{"crtp", 126},      Named{"crudp", 127},
    Named{"dccp", 33},        Named{"dcn", 19},         Named{"dcn-meas", 19},   Named{"ddp", 37},
    Named{"ddx", 116},        Named{"dgp", 86},         Named{"dsr", 48},        Named{"egp", 8},
    Named{"eigrp", 88},       Named{"emcon", 14},       Named{"encap", 98},      Named{"esp", 50},
    Named{"etherip", 97},     Named{"fc", 133},         Named{"fire", 125},      Named{"ggp", 3},
    Named{"gmtp", 100},       Named{"gre", 47},         Named{"hip", 139},       Named{"hmp", 20},
    Named{"hopopt", 0},       Named{"i-nlsp", 52},      Named{"iatp", 117},      Named{"icmp", 1},
    Named{"icmp6", 58},       Named{"icmpv6", 58},      Named{"idpr", 35},       Named{"idpr-cmtp", 38},
    Named{"idrp", 45},        Named{"ifmp", 101},       Named{"igmp", 2},        Named{"igp", 9},
    Named{"il", 40},          Named{"ip", 0},           Named{"ipcomp", 108},    Named{"ipcv", 71},
    Named{"ipip", 94},        Named{"iplt", 129},       Named{"ipnip", 4},       Named{"ippc", 67},
    Named{"ipv4", 4},         Named{"ipv6", 41},        Named{"ipv6-frag", 44},  Named{"ipv6-icmp", 58},
    Named{"ipv6-no", 59},     Named{"ipv6-nonxt", 59},  Named{"ipv6-opts", 60},  Named{"ipv6-route", 43},
    Named{"ipx-n-ip", 111},   Named{"irtp", 28},        Named{"isis", 124},      Named{"iso-ip", 80},
    Named{"iso-tp4", 29},     Named{"kryptolan", 65},   Named{"l2tp", 115},      Named{"larp", 91},
    Named{"leaf-1", 25},      Named{"leaf-2", 26},      Named{"manet", 138},     Named{"merit-inp", 32},
    Named{"mfe-nsp", 31},     Named{"mhrp", 48},        Named{"micp", 95},       Named{"mobile", 55},
    Named{"mpls-in-ip", 137}, Named{"mtp", 92},         Named{"mux", 18},        Named{"narp", 54},
    Named{"netblt", 30},      Named{"nsfnet-igp", 85},  Named{"nvp", 11},        Named{"nvp-ii", 11},
    Named{"ospf", 89},        Named{"ospfigp", 89},     Named{"pgm", 113},       Named{"pim", 103},
    Named{"pipe", 131},       Named{"pnni", 102},       Named{"pri-enc", 99},    Named{"prm", 21},
    Named{"ptp", 123},        Named{"pup", 12},         Named{"pvp", 75},        Named{"qnx", 106},
    Named{"rdp", 27},         Named{"rsvp", 46},        Named{"rtcp", 17},       Named{"rtp", 17},
    Named{"rvd", 66},         Named{"sat-expak", 64},   Named{"sat-mon", 69},    Named{"sccopmce", 128},
    Named{"scps", 105},       Named{"sctp", 132},       Named{"sdrp", 42},       Named{"secure-vmtp", 82},
    Named{"sep", 33},         Named{"shim6", 140},      Named{"skip", 57},       Named{"sm", 122},
    Named{"smp", 121},        Named{"snp", 109},        Named{"sprite-rpc", 90}, Named{"sps", 130},
    Named{"srp", 119},        Named{"st", 5},           Named{"st2", 5},         Named{"stp", 118},
    Named{"sun-nd", 77},      Named{"swipe", 53},       Named{"tcf", 87},        Named{"tcp", 6},
    Named{"tlsp", 56},        Named{"tp++", 39},        Named{"trunk-1", 23},    Named{"trunk-2", 24},
    Named{"ttp", 84},         Named{"udp", 17},         Named{"udplite", 136},   Named{"udt", 17},
    Named{"uti", 120},        Named{"vines", 83},       Named{"visa", 70},       Named{"vmtp", 81},
    Named{"vrrp", 112},       Named{"wb-expak", 79},    Named{"wb-mon", 78},     Named{"wsn", 74},
    Named{"xnet", 15},        Named{"xns-idp", 22},     Named{"xtp", 36},        Named{"zero", 114}};

constexpr bool is_sorted_by_name() {
  for (std::size_t i = 1; i < kProtocols.size(); ++i)
    if (kProtocols[i - 1].name >= kProtocols[i].name) return false;
  return true;
}
static_assert(is_sorted_by_name());

/// What Argus and others call traffic that is not IP.
constexpr std::array<std::string_view, 14> kNotIp = {"arp",  "rarp",    "llc",    "ipx/spx", "ipx",
                                                     "lldp", "ib",      "loop",   "eth",     "xns",
                                                     "snap", "stp/llc", "decnet", "man"};

}  // namespace

std::optional<ProtocolValue> parse_protocol(std::string_view text) {
  unsigned number = 0;
  if (text.ends_with(".0")) text.remove_suffix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (number > 255) return std::nullopt;
    return ProtocolValue{static_cast<std::uint8_t>(number), true};
  }
  std::string lower;
  for (const char c : text.substr(0, 16)) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  const auto* found =
      std::lower_bound(kProtocols.begin(), kProtocols.end(), lower,
                       [](const Named& named, const std::string& name) { return named.name < name; });
  if (found != kProtocols.end() && found->name == lower) return ProtocolValue{found->number, true};
  if (std::find(kNotIp.begin(), kNotIp.end(), lower) != kNotIp.end())
    return ProtocolValue{std::nullopt, false};
  // Argus writes numbers without a name so; Zeek what it does not analyse.
  if (lower == "unas" || lower == "unknown_transport" || lower == "unknown") return ProtocolValue{};
  return std::nullopt;
}

}  // namespace pcapml
