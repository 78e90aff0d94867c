// SPDX-License-Identifier: Apache-2.0
#include "pcapml/compare.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "build_capture.h"
#include "net/packet_samples.h"
#include "pcapml/error.h"
#include "pcapml/headers.h"

namespace pcapml {
namespace {

namespace fs = std::filesystem;
using test::Builder;

std::string udp(unsigned flow, const std::string& payload) {
  samples::Ipv4 header;
  header.protocol = 17;
  header.source = 0x0a000000 + flow;
  return samples::ipv4(header, samples::be16(1000) + samples::be16(53) +
                                   samples::be16(8 + static_cast<unsigned>(payload.size())) +
                                   samples::be16(0) + payload);
}
std::string on_ethernet(const std::string& ip) { return samples::ethernet(0x0800, ip); }

class Compare : public testing::Test {
 protected:
  Compare() {
    std::string name = (fs::temp_directory_path() / "pcapml-compare-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~Compare() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  std::string save(const std::string& name, const Builder& file) const {
    std::ofstream(path(name), std::ios::binary) << as_text(file.bytes());
    return path(name);
  }
  std::string text(const std::string& name) const {
    std::ostringstream content;
    content << std::ifstream(path(name), std::ios::binary).rdbuf();
    return content.str();
  }
  CompareResult run() { return compare(request_); }

  static Builder begin(unsigned link = kLinkRaw) { return Builder().section().interface(link); }
  static void add(Builder& file, std::uint64_t time, const std::string& packet, const std::string& label,
                  std::size_t cut = 1 << 20) {
    Builder body = file.inner();
    const std::string captured = packet.substr(0, cut);
    body.u32(0).halves(time).u32(captured.size()).u32(packet.size()).text(captured).pad();
    if (!label.empty()) body.comment(label).end_of_options();
    file.block(6, body);
  }

  fs::path directory_;
  CompareRequest request_;
};

TEST_F(Compare, CountsPairsAndBothKindsOfOthers) {
  Builder a = begin(), b = begin(kLinkEthernet);
  add(a, 1, udp(1, "one"), "0,web");
  add(a, 2, udp(1, "two"), "0,web");
  add(a, 3, udp(2, "lost"), "1,dns");
  add(a, 4, udp(3, "unlabelled here"), "");
  add(b, 9, on_ethernet(udp(3, "unlabelled here")), "0,web");
  add(b, 8, on_ethernet(udp(1, "two")), "");
  add(b, 7, on_ethernet(udp(9, "new")), "5,new");
  add(b, 6, on_ethernet(udp(1, "one")), "0,web");
  add(b, 5, samples::ethernet(0x0806, "arp"), "0,arp");
  request_ = {save("a", a), save("b", b), path("m.csv"), {}, {}};
  const CompareResult result = run();
  EXPECT_EQ(result.pairs, 3u);
  EXPECT_EQ(result.truth_only, 1u);
  EXPECT_EQ(result.test_only, 2u);
  EXPECT_EQ(result.truth_unlabeled, 1u);
  EXPECT_EQ(result.test_unlabeled, 1u);
  EXPECT_EQ(result.unlabeled_flows, 1u);
  EXPECT_EQ(result.non_ip, 0u);
  EXPECT_EQ(result.packets.total, 3u);
  EXPECT_EQ(result.truth.counters.packets, 4u);
  EXPECT_EQ(result.test.counters.packets, 5u);
  EXPECT_EQ(text("m.csv"), "ground_truth,dns,web,<unlabeled>\ndns,0,0,1\nweb,0,1,1\n<unlabeled>,0,1,0\n");
  EXPECT_EQ(result.flows.total, 2u);
  EXPECT_TRUE(result.warnings.empty());
}

TEST_F(Compare, FlowsAreThoseWithinATunnel) {
  Builder a = begin(), b = begin();
  for (unsigned flow = 1; flow <= 3; ++flow) {
    const std::string carrier = samples::ipv4({.protocol = 4}, udp(flow, "x"));
    add(a, flow, carrier, "0,web");
    add(b, flow, carrier, "0,web");
  }
  request_ = {save("a", a), save("b", b), path("m.csv"), {}, {}};
  EXPECT_EQ(run().flows.total, 3u);
}

TEST_F(Compare, NothingIsMisScoredWhateverTheDress) {
  Builder a = begin(kLinkEthernet), swapped = begin(kLinkEthernet), cut = begin(kLinkEthernet), raw = begin();
  constexpr unsigned kPackets = 20'000;
  for (unsigned i = 0; i < kPackets; ++i) {
    const std::string ip = udp(i % 97, std::string(i % 300, 'p') + (i % 10 == 0 ? "ack" : std::to_string(i)));
    const std::string label = std::to_string(i % 97) + ",label" + std::to_string(i % 97);
    add(a, i, on_ethernet(ip), label);
    add(cut, i, on_ethernet(ip), label, 96);
    add(raw, i, ip, label);
  }
  for (unsigned i = 0; i < kPackets; ++i) {
    const unsigned j = i == 5000 ? 5001 : i == 5001 ? 5000 : i;
    const std::string ip = udp(j % 97, std::string(j % 300, 'p') + (j % 10 == 0 ? "ack" : std::to_string(j)));
    add(swapped, j, on_ethernet(ip), std::to_string(j % 97) + ",label" + std::to_string(j % 97));
  }
  const std::string truth = save("a", a);
  for (const Builder* other : {&swapped, &cut, &raw}) {
    const std::string test = save("b", *other);
    for (const auto& [left, right] : {std::pair(truth, test), std::pair(test, truth)}) {
      request_ = {left, right, {}, {}, {}};
      const CompareResult result = run();
      EXPECT_EQ(result.pairs, kPackets);
      EXPECT_EQ(result.packets.correct, kPackets);
      EXPECT_EQ(result.flows.correct, 97u);
    }
  }
}

TEST_F(Compare, AMapRenamesLabelsOfBothSides) {
  Builder a = begin(), b = begin();
  add(a, 1, udp(1, "one"), "0,https-traffic");
  add(b, 1, udp(1, "one"), "0,chrome");
  std::ofstream(path("map")) << "from,to\nhttps-traffic,web\nchrome,web\nfirefox,web\n";
  request_ = {save("a", a), save("b", b), {}, path("map"), {}};
  const CompareResult result = run();
  EXPECT_EQ(result.packets.labels, std::vector<std::string>{"web"});
  EXPECT_EQ(result.packets.correct, 1u);
  EXPECT_EQ(result.warnings, std::vector<std::string>{path("map") + ":4: no packet has the label 'firefox'"});
}

TEST_F(Compare, APipeIsEnoughUnlessCutsDiffer) {
  Builder a = begin(), cut = begin();
  for (unsigned i = 0; i < 10; ++i) {
    add(a, i, udp(i, std::string(100, 'x')), "0,web");
    add(cut, i, udp(i, std::string(100, 'x')), "0,web", 60);
  }
  const std::string pipe = path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const Builder* test : {&a, &cut}) {
    std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << as_text(test->bytes()); });
    request_ = {save("a", a), pipe, {}, {}, {}};
    if (test == &a) {
      EXPECT_EQ(run().packets.correct, 10u);
    } else {
      EXPECT_THROW(run(), DataError);
    }
    writer.join();
  }
}

TEST_F(Compare, RefusesWhatCannotBe) {
  Builder a = begin();
  add(a, 1, udp(1, "one"), "0,web");
  const std::string file = save("a", a);
  request_ = {"-", "-", {}, {}, {}};
  EXPECT_THROW(run(), UsageError);
  request_ = {file, file, file, {}, {}};
  EXPECT_THROW(run(), UsageError);
  request_ = {file, path("missing"), path("m.csv"), {}, {}};
  EXPECT_THROW(run(), std::system_error);
  EXPECT_FALSE(fs::exists(path("m.csv")));
  std::ofstream(path("map")) << "a\n";
  request_ = {file, file, path("m.csv"), path("map"), {}};
  EXPECT_THROW(run(), UsageError);
  EXPECT_FALSE(fs::exists(path("m.csv")));
}

TEST_F(Compare, SalvageScoresWhatLiesBeforeTheDamage) {
  Builder a = begin(), b = begin();
  for (unsigned i = 0; i < 3; ++i) {
    add(a, i, udp(i, std::string(100, 'x')), "0,web");
    add(b, i, udp(i, std::string(100, 'x')), "0,web", 60);
  }
  request_ = {save("a", a), save("b", b), path("m.csv"), {}, {}};
  fs::resize_file(request_.truth, fs::file_size(request_.truth) - 4);
  EXPECT_THROW(run(), FormatError);
  EXPECT_FALSE(fs::exists(path("m.csv")));
  request_.input_options.salvage = true;
  const CompareResult result = run();
  EXPECT_EQ(result.pairs, 2u);
  EXPECT_EQ(result.test_only, 1u);
  EXPECT_EQ(result.truth.damage.size(), 1u);
  EXPECT_TRUE(result.test.damage.empty());
  EXPECT_TRUE(fs::exists(path("m.csv")));
}

TEST_F(Compare, EmptyCapturesHaveNoRatios) {
  const std::string file = save("a", begin());
  request_ = {file, file, path("m.csv"), {}, {}};
  const CompareResult result = run();
  EXPECT_FALSE(result.packets.accuracy);
  EXPECT_EQ(text("m.csv"), "ground_truth\n");
}

}  // namespace
}  // namespace pcapml
