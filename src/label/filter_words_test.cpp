// SPDX-License-Identifier: Apache-2.0
#include "label/filter_words.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/ether.h>
#include <pcap/pcap.h>

#include <array>
#include <atomic>
#include <random>
#include <string>

#include "label/bpf_filter.h"
#include "label/filter_samples.h"

namespace {

/// Look-ups of host, network and card names in this process; a name server is never really asked.
std::atomic<int> lookups = 0;

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool is_address(const char* text) {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(AF_INET, text, bytes.data()) == 1 || ::inet_pton(AF_INET6, text, bytes.data()) == 1;
}

}  // namespace

// These come before those of the C library, for libpcap too.
extern "C" {
int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** result) {
  const bool numeric = host == nullptr || (hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0);
  if (numeric || is_address(host))
    return next<decltype(getaddrinfo)>("getaddrinfo")(host, service, hints, result);
  ++lookups;
  return EAI_NONAME;
}
hostent* gethostbyname(const char*) {
  ++lookups;
  return nullptr;
}
int getnetbyname_r(const char*, netent*, char*, size_t, netent** result, int*) {
  ++lookups;
  *result = nullptr;
  return 0;
}
int ether_hostton(const char*, ether_addr*) noexcept {
  ++lookups;
  return -1;
}
}

namespace pcapml {
namespace {

using testing::HasSubstr;

bool is_refused_for_a_name(const std::string& error) { return error.find("is no address") != error.npos; }

TEST(HostNames, NoFilterWithoutOneIsRefused) {
  FilterCompiler compiler;
  lookups = 0;
  for (const char* filter : test::kFilters) EXPECT_EQ(compiler.check(filter), "") << filter;
  EXPECT_EQ(lookups, 0);
  EXPECT_GE(std::size(test::kFilters), 150U);
}

TEST(HostNames, AreRefusedWhereverTheyStand) {
  FilterCompiler compiler;
  lookups = 0;
  const std::pair<const char*, const char*> filters[] = {
      {"host localhost", "localhost"},
      {"src host www.example.com", "www.example.com"},
      {"dst host a-b.c", "a-b.c"},
      {"src foo", "foo"},
      {"dst foo.example and tcp", "foo.example"},
      {"src or dst foo", "foo"},
      {"net localnet", "localnet"},
      {"src net loopback", "loopback"},
      {"gateway router", "router"},
      {"ip host foo", "foo"},
      {"ip6 host ip6-localhost", "ip6-localhost"},
      {"arp host foo", "foo"},
      {"ether host foo", "foo"},
      {"ether src foo", "foo"},
      {"wlan addr1 foo", "foo"},
      {"wlan ra foo", "foo"},
      {"address4 foo", "foo"},
      {"decnet host foo", "foo"},
      {"host \\foo", "foo"},
      {"host \\host", "host"},
      {"host 10.0.0.1 or foo", "foo"},
      {"host (10.0.0.1 or (foo))", "foo"},
      {"host not foo", "foo"},
      {"not host foo", "foo"},
      {"host 10.0.0.1 and (port 80) or foo", "foo"},
      {"host 10.0.0.1 and (port 80 or (tcp)) and foo", "foo"},
      {"tcp[0] = 1 and host foo", "foo"},
      {"tcp[tcp[12] & 15] = 1 and host foo", "foo"},
      {"host 1.2.3.4.5", "1.2.3.4.5"},
      {"host 0x1g", "0x1g"},
      {"host fe", "fe"},
      {"host 12ab", "12ab"},
      {"host foo:80", "foo:80"},
      {"host 1::2::3", "1::2::3"},
      {"host foo-", "foo"},
      {"host foo[", "foo"},
      {"llc i and host i", "i"},
      {"type mgt and host mgt", "mgt"},
      {"ifname eth0 and host eth0", "eth0"},
      {"port http and host http", "http"},
  };
  for (const auto& [filter, name] : filters)
    EXPECT_THAT(compiler.check(filter), HasSubstr("'" + std::string(name) + "' is no address")) << filter;
  EXPECT_EQ(lookups, 0);
}

TEST(HostNames, AMisspeltWordIsLeftToLibpcap) {
  FilterCompiler compiler;
  for (const char* filter : {"tpc port 80", "foo", "tcp and foo", "port 80 and fooport", "udp prt 5"})
    EXPECT_FALSE(is_refused_for_a_name(compiler.check(filter))) << filter;
}

/// Words of filters, thrown together: whatever is not refused must not look a name up, and whatever is
/// refused for a name must not be a filter that libpcap compiles without a look-up.
TEST(HostNames, ExactlyThoseThatLibpcapWouldLookUpAreRefused) {
  const std::array<const char*, 70> words = {
      "host",   "net",        "port",    "portrange", "proto",   "protochain", "src",      "dst",
      "ip",     "ip6",        "tcp",     "udp",       "arp",     "ether",      "and",      "or",
      "not",    "(",          ")",       "!",         "&&",      "||",         "10.0.0.1", "10.1/16",
      "::1",    "80",         "foo",     "a.b",       "http",    "\\tcp",      "\\foo",    "1.2.3.4.5",
      "len",    ">",          "=",       "5",         "tcp[13]", "[",          "]",        ":",
      "vlan",   "mpls",       "inbound", "ifname",    "type",    "subtype",    "mgt",      "beacon",
      "dir",    "llc",        "i",       "reason",    "action",  "gateway",    "mask",     "wlan",
      "addr1",  "ra",         "geneve",  "multicast", "less",    "decnet",     "iso",      "1:2:3:4:5:6",
      "fe80::", "src or dst", "and (",   ") or",      "or foo",  "and host"};
  std::mt19937 random(7);
  FilterCompiler compiler;
  const std::array<pcap_t*, 3> handles = {pcap_open_dead(DLT_EN10MB, 65535),
                                          pcap_open_dead(DLT_IEEE802_11, 65535),
                                          pcap_open_dead(DLT_PFLOG, 65535)};
  const auto soup = [&] {
    std::string filter = std::array{"host 10.0.0.1 ", "port 80 ", "(", "tcp ", ""}[random() % 5];
    for (std::size_t n = 1 + random() % 7; n > 0; --n)
      filter += std::string(words[random() % words.size()]) + " ";
    return filter;
  };
  const auto chain = [&] {
    std::string filter;
    for (std::size_t n = 1 + random() % 3; n > 0; --n) {
      const std::string next = test::kFilters[random() % std::size(test::kFilters)];
      filter += random() % 3 == 0 ? "(" + next + ")" : next;
      if (random() % 3 == 0)
        filter +=
            std::array{" or 10.0.0.2", " or http", " and 80", " or foo", " and (foo or a.b)"}[random() % 5];
      if (n > 1) filter += random() % 2 == 0 ? " and " : " or not ";
    }
    return filter;
  };
  int refused = 0, compiled = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string filter = random() % 2 == 0 ? soup() : chain();
    const std::uint16_t link_type = std::array<std::uint16_t, 3>{1, 105, 117}[random() % 3];
    lookups = 0;
    const CompiledFilter result = compiler.compile(filter, {.link_type = link_type});
    ASSERT_EQ(lookups, 0) << filter;
    if (!is_refused_for_a_name(result.error)) {
      compiled += result.error.empty() ? 1 : 0;
      continue;
    }
    ++refused;
    for (pcap_t* handle : handles) {
      bpf_program program{};
      lookups = 0;
      const bool compiles = pcap_compile(handle, &program, filter.c_str(), 0, PCAP_NETMASK_UNKNOWN) == 0;
      EXPECT_FALSE(compiles && lookups == 0) << filter;
      pcap_freecode(&program);
    }
  }
  for (pcap_t* handle : handles) pcap_close(handle);
  EXPECT_GT(refused, 1'000);
  EXPECT_GT(compiled, 1'000);
}

}  // namespace
}  // namespace pcapml
