// SPDX-License-Identifier: Apache-2.0
// Random filters and packets of few values, so that they meet.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>

#include "label/filter_samples.h"

namespace pcapml::test {

using Random = std::mt19937;

inline std::size_t below(Random& random, std::size_t n) { return random() % n; }

template <class... Text>
std::string pick(Random& random, Text... text) {
  return std::string(std::array{text...}[below(random, sizeof...(text))]);
}

/// Values that addresses and ports have. Of more than 16 the engine makes tables.
struct Values {
  std::size_t hosts = 2;  ///< in each network, at most 250
  std::size_t ports = 0;  ///< from 2000 on, besides some well-known ones
};

class Grammar {
 public:
  Grammar(Random& random, Values values) : random_(random), values_(values) {}

  /// As pcap-filter(7) has them, joined at random.
  std::string filter(int depth = 2) {
    if (depth == 0 || one_of(3)) return primitive();
    const char* joint = one_of(2) ? " and " : " or ";
    const char* negation = one_of(4) ? "not " : "";
    return negation + ("(" + filter(depth - 1)) + ")" + joint + filter(depth - 1);
  }

  /// As label files have them by the thousand.
  std::string rule_filter() {
    switch (below(random_, 18)) {
      case 0: return filter();
      case 1:
      case 2: return "host " + address();
      case 3: return fmt::format("src host {} and dst host {}", address4(), address4());
      case 4:
      case 5:
        return fmt::format("host {} and host {} and port {} and port {}", address4(), address4(), port(),
                           port());
      case 6: return fmt::format("host {} and tcp port {}", address(), port());
      case 7: return fmt::format("{} port {}", pick(random_, "tcp", "udp", "src", "udp dst"), port());
      case 8:
        return fmt::format("net {}/{}", pick(random_, "10.0.0.0", "10.1.0.0", "192.168.7.0"),
                           16 + 8 * below(random_, 2));
      case 9: return fmt::format("host {} or host {} or port {}", address(), address(), port());
      case 10: return fmt::format("host {} and not port {}", address(), port());
      case 11: return fmt::format("portrange {0}-{1} and ip[4:2] < {1}", port(), 65'000);
      case 12: return fmt::format("len > {} and host {}", below(random_, 90), address());
      case 13:
        return fmt::format("{} and tcp[((tcp[12:1] & 0xf0) >> 2):4] > {}", "host " + address4(), random_());
      case 14: return fmt::format("vlan and host {}", address4());
      case 15:
        return fmt::format("60 {} ip[{}] = {}", pick(random_, "/", "%", "<<", ">>"), below(random_, 24),
                           below(random_, 60));
      case 16:
        return fmt::format("{}[{}] = 0 and {} port {}", pick(random_, "tcp", "udp"), 12 + below(random_, 10),
                           pick(random_, "src", "dst"), port());
      default: return fmt::format("ip protochain {} and host {}", pick(random_, "6", "17"), address4());
    }
  }

  std::string packet(std::uint16_t link_type) {
    const bool six = one_of(3);
    const std::string ether_type(six ? "\x86\xdd" : "\x08\0", 2);
    const std::string ip = ip_packet(six);
    const std::string macs("\2\0\0\0\0\1\2\0\0\0\0\2", 12);
    std::string whole;
    if (one_of(12)) {
      for (std::size_t n = below(random_, 80); n > 0; --n) whole += byte();
    } else if (link_type == 1) {
      const std::size_t kind = below(random_, 6);
      if (kind == 0)
        whole = macs + std::string("\x81\0\0\7", 4) + ether_type + ip;
      else if (kind == 1)
        whole = macs + std::string("\x08\x06\0\1\x08\0\6\4\0\1\2\0\0\0\0\1", 16) + bytes4() +
                std::string("\0\0\0\0\0\0", 6) + bytes4();
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
    if (one_of(3)) whole.resize(below(random_, whole.size() + 1));
    return whole;
  }

 private:
  static constexpr std::array<std::array<unsigned char, 3>, 4> kNetworks = {
      {{10, 0, 0}, {10, 0, 1}, {10, 1, 0}, {192, 168, 7}}};

  bool one_of(std::size_t n) { return below(random_, n) == 0; }
  char byte() { return static_cast<char>(random_()); }
  std::size_t host() { return 1 + below(random_, values_.hosts); }

  std::string address4() {
    const auto& network = kNetworks[below(random_, kNetworks.size())];
    return fmt::format("{}.{}.{}.{}", network[0], network[1], network[2], host());
  }
  std::string address() {
    return one_of(3) ? fmt::format("{}{:x}", pick(random_, "2001:db8::", "fe80::"), host()) : address4();
  }
  std::string bytes4() {
    const auto& network = kNetworks[below(random_, kNetworks.size())];
    return std::string(reinterpret_cast<const char*>(network.data()), 3) + static_cast<char>(host());
  }
  std::size_t port() {
    constexpr std::size_t kPorts[] = {0, 53, 80, 443, 6000, 65535};
    return values_.ports > 0 && !one_of(4) ? 2000 + below(random_, values_.ports) : kPorts[below(random_, 6)];
  }

  std::string primitive() {
    const std::string way = pick(random_, "", "src ", "dst ");
    const std::string protocol = pick(random_, "", "tcp ", "udp ");
    switch (below(random_, 12)) {
      case 0: return way + "host " + address();
      case 1: return fmt::format("{}{}port {}", protocol, way, port());
      case 2:
        return fmt::format("{}{}portrange {}-{}", protocol, way, below(random_, 1000), 1000 + port() / 2);
      case 3: return way + pick(random_, "net 10.0.0.0/16", "net 192.168.0.0/16", "net 2001:db8::/32");
      case 4:
        return pick(random_, "ip", "ip6", "tcp", "udp", "icmp", "arp", "sctp", "vlan", "vlan 7", "mpls");
      case 5:
        return fmt::format("{} {}", pick(random_, "len >", "len <=", "greater", "less"), below(random_, 120));
      case 6:
        return fmt::format("ip[{}{}] {}", below(random_, 40), pick(random_, "", ":2", ":4"),
                           pick(random_, "& 15 = 5", "> 10", "!= 0", "< 200"));
      case 7: return "tcp[tcpflags] & (tcp-syn|tcp-fin) " + pick(random_, "!= 0", "= 0");
      case 8:
        return fmt::format("{}[{}] {}", pick(random_, "tcp", "udp", "ip6", "link"), below(random_, 20),
                           pick(random_, "= 0", "> 3"));
      case 9: return fmt::format("ip proto {}", below(random_, 20));
      case 10: return pick(random_, "ether", "wlan") + " host 02:00:00:00:00:01";
      default: break;
    }
    // Around geneve, libpcap's programs read memory that they never wrote: there is no right answer.
    std::string sample = "geneve";
    while (sample.find("geneve") != sample.npos) sample = kFilters[below(random_, std::size(kFilters))];
    return sample;
  }

  static void put16(std::string& out, std::size_t v) {
    out += {static_cast<char>(v >> 8), static_cast<char>(v)};
  }

  std::string ip_packet(bool six) {
    const char protocols[] = {6, 17, 1, 58, static_cast<char>(132), byte()};
    const char protocol = protocols[below(random_, 6)];
    std::string packet;
    if (six) {
      packet = std::string("\x60\0\0\0\0\x28", 6) + protocol + '\x40';
      for (int i = 0; i < 2; ++i) {
        packet += one_of(2) ? std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15)
                            : std::string("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
        packet += static_cast<char>(host());
      }
    } else {
      const bool options = one_of(5);
      packet = std::string(options ? "\x46" : "\x45") + std::string("\0\0\x3c", 3);
      put16(packet, below(random_, 40));
      put16(packet, one_of(8) ? random_() & 0x3fff : 0);  // fragments
      packet += '\x40';
      packet += protocol + std::string("\0\0", 2) + bytes4() + bytes4();
      if (options) packet += std::string("\1\1\1\0", 4);
    }
    put16(packet, port());
    put16(packet, port());
    for (int i = 0; i < 24; ++i) packet += one_of(4) ? byte() : '\0';
    return packet;
  }

  Random& random_;
  Values values_;
};

}  // namespace pcapml::test
