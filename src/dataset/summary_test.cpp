// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>

#include "corpus.h"
#include "dataset/summary_fixture.h"
#include "net/packet_samples.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

namespace fs = std::filesystem;
using namespace test;
using testing::ElementsAre;

constexpr std::int64_t kSecond = 1'000'000'000;

TEST_F(Summary, CountsBothDirectionsAsOneFlowAndSpellingsOfAnIdAsOneSample) {
  Builder file = begin();
  const Ends ends{1, 2, 1000, 53};
  add(file, 3'000'000, udp(ends), "7,dns");
  add(file, 1'000'000, udp(ends.reversed()), "007,dns");
  add(file, 2'000'000, udp({1, 2, 1001, 53}), "8,dns");
  add(file, 4'000'000, "no IP", "8,dns");
  const SummaryResult result = of(file);
  ASSERT_THAT(names(result), ElementsAre("dns"));
  const TrafficCounts& counts = result.groups[0].counts;
  EXPECT_EQ(counts.packets, 4u);
  EXPECT_EQ(counts.bytes, 28u * 3 + 5);
  EXPECT_EQ(counts.captured_bytes, counts.bytes);
  EXPECT_EQ(counts.flows, 2u);
  EXPECT_EQ(counts.non_ip_packets, 1u);
  EXPECT_EQ(counts.samples, 2u);
  EXPECT_EQ(counts.first_ns, 1 * kSecond);
  EXPECT_EQ(counts.last_ns, 4 * kSecond);
}

TEST_F(Summary, AFlowOfTwoLabelsCountsInBothAndOnceInTotal) {
  Builder file = begin();
  for (const char* label : {"1,a", "1,b", "1,a", "1,b", "1,c", "1,c"}) add(file, 1, udp(), label);
  const SummaryResult result = of(file);
  for (const auto& group : result.groups) {
    EXPECT_EQ(group.counts.flows, 1u);
    EXPECT_EQ(group.counts.samples, 1u);
  }
  EXPECT_EQ(result.groups.size(), 3u);
  EXPECT_EQ(result.total.flows, 1u);
  EXPECT_EQ(result.total.samples, 1u);
}

TEST_F(Summary, FlowsAreThoseWithinATunnel) {
  Builder file = begin();
  for (const unsigned port : {1000U, 1001U, 1001U}) {
    const std::string carrier = samples::ipv4({.protocol = 4}, udp({1, 2, port, 53}));
    add(file, port, carrier, "1,a");
  }
  const SummaryResult result = of(file);
  EXPECT_EQ(result.total.flows, 2u);
  EXPECT_EQ(result.total.non_ip_packets, 0u);
}

TEST_F(Summary, LaterFragmentsAddNoFlow) {
  Builder file = begin();
  add(file, 1, udp({1, 2, 1000, 53}, 0x2000), "1,a");
  add(file, 2, udp({1, 2, 0, 0}, 0x0004), "1,a");
  const SummaryResult result = of(file);
  EXPECT_EQ(result.total.flows, 1u);
  EXPECT_EQ(result.total.non_ip_packets, 0u);
}

TEST_F(Summary, SortsByPacketsThenNameAndKeepsPacketsWithoutLabelLast) {
  Builder file = begin();
  for (const char* label : {"", "", "", "1,b", "1,a", "1,c", "1,c"}) add(file, 1, udp(), label);
  EXPECT_THAT(names(of(file)), ElementsAre("c", "a", "b", "<unlabeled>"));
}

TEST_F(Summary, ALabelMayBeCalledLikeTheOnesWithoutOne) {
  Builder file = begin();
  add(file, 1, udp(), "1,<unlabeled>");
  add(file, 1, udp());
  const SummaryResult result = of(file);
  ASSERT_EQ(result.groups.size(), 2u);
  EXPECT_EQ(result.groups[0].kind, SummaryGroup::Kind::named);
  EXPECT_EQ(result.groups[1].kind, SummaryGroup::Kind::unlabeled);
}

TEST_F(Summary, GroupsByAnyKeyOfPositionalAndKeyedLabels) {
  Builder file = begin();
  add(file, 1, udp(), "s=0,proc=curl,dir=lan2wan,dst=example.com");
  add(file, 1, udp(), "1,chrome,d=e,dst=a%2Cb");
  add(file, 1, udp(), "1,chrome,d=i,dst=a%2Cb");
  add(file, 1, udp(), "1,chrome");
  request_.group = "dst";
  EXPECT_THAT(names(of(file)), ElementsAre("a,b", "example.com", "<no dst>"));
  request_.group = "proc";
  EXPECT_THAT(names(of(file)), ElementsAre("chrome", "curl"));
  for (const char* key : {"dir", "d"}) {
    request_.group = key;
    EXPECT_THAT(names(of(file)), ElementsAre("e", "i", "lan2wan", std::string("<no ") + key + ">"));
  }
  request_.group = "nowhere";
  EXPECT_THAT(names(of(file)), ElementsAre("<no nowhere>"));
}

TEST_F(Summary, AWindowHoldsItsEndsAndNoPacketWithoutTime) {
  Builder file = begin();
  for (const std::uint64_t time : {1u, 2u, 3u, 4u}) add(file, time, udp(), "1,a");
  file.simple(28, udp());
  EXPECT_EQ(of(file).total.packets, 5u);
  request_.from_ns = 2000;
  request_.to_ns = 3000;
  const SummaryResult result = of(file);
  EXPECT_EQ(result.total.packets, 2u);
  EXPECT_EQ(result.outside_window, 2u);
  EXPECT_EQ(result.without_time, 1u);
  EXPECT_EQ(result.file.interfaces.at(0).packets, 5u);
}

TEST_F(Summary, TheCsvAppearsOnlyWhenAllWasRead) {
  request_.csv = (directory_ / "out.csv").string();
  Builder file = begin();
  add(file, 1'500'000, udp(), "1,a \"quoted\"%2C b");
  add(file, 2'000'000, udp());
  Builder damaged = file;
  damaged.u32(6);
  EXPECT_THROW(of(damaged), FormatError);
  EXPECT_FALSE(fs::exists(request_.csv));

  of(file);
  std::ifstream csv(request_.csv);
  const std::string text(std::istreambuf_iterator<char>(csv), {});
  EXPECT_EQ(text,
            "label,packets,bytes,captured_bytes,flows,non_ip_packets,samples,first_time,last_time,duration\n"
            "\"a \"\"quoted\"\", b\",1,28,28,1,0,1,1.500000000,1.500000000,0.000000000\n"
            "<unlabeled>,1,28,28,1,0,0,2.000000000,2.000000000,0.000000000\n");
  request_.csv = request_.input;
  EXPECT_THROW(of(file), UsageError);
}

TEST_F(Summary, SalvagesWhatLiesBeforeDamage) {
  Builder file = begin();
  add(file, 1, udp(), "1,a");
  file.u32(6);
  request_.input_options.salvage = true;
  const SummaryResult result = of(file);
  EXPECT_EQ(result.total.packets, 1u);
  EXPECT_EQ(result.report.damage.size(), 1u);
}

struct Expected {
  std::uint64_t packets = 0, bytes = 0, non_ip = 0;
  std::set<std::array<unsigned, 4>> flows;
  std::set<std::string> samples;
  std::set<std::uint64_t> times;
};

void expect_same(const TrafficCounts& counts, const Expected& expected) {
  EXPECT_EQ(counts.packets, expected.packets);
  EXPECT_EQ(counts.bytes, expected.bytes);
  EXPECT_EQ(counts.non_ip_packets, expected.non_ip);
  EXPECT_EQ(counts.flows, expected.flows.size());
  EXPECT_EQ(counts.samples, expected.samples.size());
  EXPECT_EQ(counts.first_ns, static_cast<std::int64_t>(*expected.times.begin() * 1000));
  EXPECT_EQ(counts.last_ns, static_cast<std::int64_t>(*expected.times.rbegin() * 1000));
}

TEST_F(Summary, AgreesWithMapsOnRandomCaptures) {
  std::mt19937 random(3);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int round = 0; round < 30; ++round) {
    const unsigned spread = 1 + below(60);
    Builder file = begin(round % 2 == 0 ? ByteOrder::little : ByteOrder::big);
    std::map<std::string, Expected> groups;
    Expected total;
    for (unsigned i = 0; i < 2000; ++i) {
      const Ends ends{below(spread), below(spread), below(spread), below(spread)};
      // Ids around and beyond 64 bits; leading zeros do not count.
      const std::string id =
          std::string(below(2) == 0 ? "" : "18446744073709551") + std::to_string(1 + below(spread * 20));
      const std::string name = "app" + std::to_string(below(spread));
      const bool labelled = below(8) != 0, ip = below(10) != 0;
      const std::uint64_t time = below(1'000'000);
      const std::string packet = ip ? udp(ends) : "x";
      std::string label(below(3), '0');
      label.append(id).append(",").append(name);
      add(file, time, packet, labelled ? label : "");
      for (Expected* expected : {&groups[labelled ? name : "<unlabeled>"], &total}) {
        ++expected->packets;
        expected->bytes += packet.size();
        expected->non_ip += ip ? 0 : 1;
        const Ends back = ends.reversed();
        if (ip)
          expected->flows.insert(
              std::min(std::array{ends.source, ends.destination, ends.source_port, ends.destination_port},
                       std::array{back.source, back.destination, back.source_port, back.destination_port}));
        if (labelled) expected->samples.insert(id);
        expected->times.insert(time);
      }
    }
    const SummaryResult result = of(file);
    EXPECT_EQ(result.groups.size(), groups.size());
    for (const auto& group : result.groups) expect_same(group.counts, groups[group.name]);
    expect_same(result.total, total);
  }
}

TEST(SummaryOfCorpus, EveryPacketOfEveryCaptureIsCounted) {
  std::vector<fs::path> files;
  for (const char* part : {"pcapml-legacy", "pcapng-suite", "dpi"})
    for (const char* extension : {".pcap", ".pcapng"})
      for (const auto& file : test::corpus_files(part, extension)) files.push_back(file);
  PCAPML_NEED_CORPUS(files);
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    SummaryRequest request;
    request.input = file.string();
    request.input_options.salvage = true;
    const SummaryResult result = summarize(request);
    EXPECT_EQ(result.total.packets, result.report.counters.packets);
    std::uint64_t packets = 0, of_interfaces = 0;
    for (const auto& group : result.groups) packets += group.counts.packets;
    for (const auto& interface : result.file.interfaces) of_interfaces += interface.packets;
    EXPECT_EQ(packets, result.total.packets);
    EXPECT_EQ(of_interfaces, result.total.packets);
  }
}

}  // namespace
}  // namespace pcapml
