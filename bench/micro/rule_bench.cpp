// SPDX-License-Identifier: Apache-2.0
// How long the rules take for one packet. The arguments are the number of rules, of which only the last
// matches, and the number of flows that the packets belong to; they come in bursts of four.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <random>

#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

constexpr std::size_t kPackets = 1 << 16, kFrame = 60;

void be16(std::byte* to, std::uint32_t value) {
  to[0] = static_cast<std::byte>(value >> 8);
  to[1] = static_cast<std::byte>(value);
}
void be32(std::byte* to, std::uint32_t value) {
  be16(to, value >> 16);
  be16(to + 2, value);
}

/// TCP over IPv4 and Ethernet, to port 443.
std::vector<std::byte> frames(std::uint32_t flows) {
  std::mt19937 random(1);
  std::vector<std::byte> all(kPackets * kFrame);
  std::uint32_t flow = 0;
  for (std::size_t i = 0; i < kPackets; ++i) {
    if (i % 4 == 0) flow = static_cast<std::uint32_t>(random()) % flows;
    std::byte* at = &all[i * kFrame];
    be16(at + 12, 0x0800);
    at[14] = std::byte{0x45};
    be16(at + 16, kFrame - 14);
    at[23] = std::byte{6};
    be32(at + 26, 0x0a000002 + flow % 250);
    be32(at + 30, 0xc0000202 + flow / 250 % 250);
    be16(at + 34, 20'000 + flow / 10 % 40'000);
    be16(at + 36, 443);
    at[46] = std::byte{0x50};
  }
  return all;
}

std::string host(int i) { return fmt::format("host 10.16.{}.{}", i / 256, i % 256); }
std::string five_tuple(int i) {
  return fmt::format("tcp and src host 10.0.0.{} and src port {} and dst host 192.0.2.2 and dst port 443",
                     2 + i % 250, 1024 + i / 250);
}

void match(benchmark::State& state, std::string (*filter)(int)) {
  std::string text;
  for (int i = 0; i + 1 < state.range(0); ++i) text += fmt::format("BPF:{},other\n", filter(i));
  const std::vector<Rule> rules = parse_rules(text + "BPF:tcp port 443,web\n", "rules");
  RuleEngine engine(rules, "rules");
  engine.select_file({});
  const std::vector<std::byte> all = frames(static_cast<std::uint32_t>(state.range(1)));
  const auto match_all = [&] {
    for (std::size_t i = 0; i < kPackets; ++i) {
      const RuleInput packet{.data = Bytes(all).subspan(i * kFrame, kFrame), .original_length = kFrame};
      if (engine.match(packet) != &rules.back()) state.SkipWithError("another rule matched");
    }
  };
  match_all();  // compiles, and is not counted
  for (auto _ : state) match_all();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kPackets));
}

BENCHMARK_CAPTURE(match, hosts, host)->ArgsProduct({{1, 10, 10'000}, {1, 1'000, 1'000'000}});
BENCHMARK_CAPTURE(match, tuples, five_tuple)->ArgsProduct({{1, 10, 10'000}, {1, 1'000, 1'000'000}});

void compile(benchmark::State& state, std::string (*filter)(int)) {
  std::string text;
  for (int i = 0; i < state.range(0); ++i) text += fmt::format("BPF:{},other\n", filter(i));
  const std::vector<std::byte> all = frames(1);
  for (auto _ : state) {
    const std::vector<Rule> rules = parse_rules(text, "rules");
    RuleEngine engine(rules, "rules");
    engine.select_file({});
    benchmark::DoNotOptimize(engine.match({.data = Bytes(all).first(kFrame), .original_length = kFrame}));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK_CAPTURE(compile, hosts, host)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile, tuples, five_tuple)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pcapml
