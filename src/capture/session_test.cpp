// SPDX-License-Identifier: Apache-2.0
#include "capture/session.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "capture/packet_events.h"
#include "format/block.h"
#include "pcapml/reader.h"

namespace pcapml {
namespace {

using ::testing::ElementsAre;

struct Written {
  std::string comment;
  std::int64_t timestamp_ns;
  std::uint32_t length;
  std::uint32_t flags;
  std::uint64_t lost;
};

std::uint64_t number_in(const PacketView& packet, std::uint16_t code) {
  const auto option = packet.options.find(code);
  std::uint64_t value = 0;
  if (option) std::memcpy(&value, option->value.data(), std::min<std::size_t>(option->value.size(), 8));
  return value;
}

class SessionTest : public ::testing::Test {
 public:
  ~SessionTest() override { std::filesystem::remove(path_); }

 protected:
  void begin() {
    CaptureServices services;
    services.losses = [this] { return losses_; };
    services.filter = packet_filter(request_.filter);
    services.next_file = next_file_;
    session_ = std::make_unique<CaptureSession>(request_, file_, clock_, std::move(services));
    session_->begin();
  }
  void add(const PacketEvent& event) {
    if (!session_) begin();
    session_->packet(event.packet, event.bytes);
  }
  CaptureResult finish(const Losses& losses = {}) {
    if (!session_) begin();
    losses_ = losses;
    CaptureResult result = session_->finish();
    auto reader = Reader(open_source(path_));
    while (const Record* record = reader.next()) {
      if (record->kind != Record::Kind::packet) continue;
      const PacketView* packet = &record->packet;
      const auto comment = packet->options.find(kComment);
      written_.push_back({comment ? std::string(comment->text()) : "", packet->timestamp_ns,
                          packet->original_length,
                          static_cast<std::uint32_t>(number_in(*packet, kPacketFlags)),
                          number_in(*packet, kPacketDropCount)});
    }
    return result;
  }
  std::vector<std::string> comments() const {
    std::vector<std::string> all;
    for (const Written& written : written_) all.push_back(written.comment);
    return all;
  }

  CaptureRequest request_;
  std::int64_t boot_ = 0;
  std::int64_t wall_ = 1'000'000'000'000;
  WallClock clock_{[this] { return boot_; }, [this] { return wall_; }};
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("pcapml-session-" + std::to_string(getpid()))).string();
  LiveFile file_{FileDescriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666)), path_};
  Losses losses_;
  std::function<OutputFiles::File()> next_file_;
  std::unique_ptr<CaptureSession> session_;
  std::vector<Written> written_;
};

TEST_F(SessionTest, LabelsSayProcessAndDirectionAndSamplesAreSockets) {
  add(PacketEvent(7).owner("curl", 1).confirmed().egress());
  add(PacketEvent(7).owner("curl", 1).confirmed());
  add(PacketEvent(9).owner("dig", 2).confirmed());
  finish();
  EXPECT_THAT(comments(), ElementsAre("0,curl,d=e", "0,curl,d=i", "1,dig,d=i"));
  EXPECT_EQ(written_[0].flags, 2U);
  EXPECT_EQ(written_[1].flags, 1U);
}

TEST_F(SessionTest, SocketsWithoutOwnerAreTheKernelsOnlyWhereThatIsCertain) {
  PacketEvent kernel(7);
  kernel.packet.socket_flags |= PCAPML_SOCKET_KERNEL;
  add(kernel);
  add(PacketEvent(8));
  const CaptureResult result = finish();
  EXPECT_THAT(comments(), ElementsAre("0,_kernel,d=i", "1,_unknown,d=i"));
  EXPECT_EQ(result.kernel, 1U);
  EXPECT_EQ(result.unknown, 1U);
}

TEST_F(SessionTest, KnownOnlyLeavesThemOutAndCountsThem) {
  request_.known_only = true;
  add(PacketEvent(8));
  EXPECT_EQ(finish().unknown_left_out, 1U);
  EXPECT_TRUE(written_.empty());
}

TEST_F(SessionTest, AllowAndDenyAreExact) {
  request_.allow = {"curl", "dig"};
  request_.deny = {"dig"};
  add(PacketEvent(7).owner("curl", 1).confirmed());
  add(PacketEvent(8).owner("dig", 2).confirmed());
  add(PacketEvent(9).owner("curly", 3).confirmed());
  add(PacketEvent(10));
  EXPECT_EQ(finish().not_allowed, 3U);
  EXPECT_THAT(comments(), ElementsAre("0,curl,d=i"));
}

TEST_F(SessionTest, OneLabelForAllAndASession) {
  request_.label = "web, all";
  request_.session = "monday";
  request_.provenance = true;
  PacketEvent read = PacketEvent(7).owner("curl", 1).confirmed();
  read.packet.owner.via = PCAPML_VIA_RECEIVE;
  add(read);
  finish();
  EXPECT_THAT(comments(), ElementsAre("0,web%2C all,d=i,session=monday,via=recv"));
}

TEST_F(SessionTest, EightHoursOfConnectionsLeaveNothingBehind) {
  constexpr std::uint64_t kSecond = 1'000'000'000, kPerSecond = 10;
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < kPerSecond * 8 * 3600; ++i) {
    const std::uint64_t now = kSecond + i * kSecond / kPerSecond;
    add(PacketEvent(100 + i).owner("curl", 1).confirmed().at(static_cast<std::int64_t>(now)));
    session_->closed({PCAPML_CLOSED, 0, now + 1, 100 + i});
    most = std::max(most, session_->remembered());
  }
  EXPECT_LT(most, 2 * kPerSecond * 65);
}

TEST_F(SessionTest, RemoteEndsOfAnUnconnectedSocketAreBoundedAndCounted) {
  PacketEvent event = PacketEvent(7).udp().unconnected().owner("dns", 1).confirmed();
  const std::uint32_t flood = Samples::kMostUnconnected + 1000;
  for (std::uint32_t i = 0; i < flood; ++i) {
    std::memcpy(&event.bytes[12], &i, sizeof i);  // the source
    add(event);
  }
  EXPECT_LE(session_->remembered(), Samples::kMostUnconnected + 1);
  EXPECT_EQ(session_->counters().forgotten, 1000U);
}

TEST_F(SessionTest, EachFileIsCompleteAndTellsItsOwnLosses) {
  request_.files.file_bytes = 2000;
  std::vector<std::string> paths = {path_};
  next_file_ = [&] {
    paths.push_back(path_ + "-" + std::to_string(paths.size()));
    losses_[{1, 2, PCAPML_INGRESS}] += 5;
    return OutputFiles::File{FileDescriptor(open(paths.back().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666)),
                             paths.back()};
  };
  PacketEvent event = PacketEvent(7).owner("curl", 1).confirmed();
  event.packet.netns = 1;
  event.packet.interface = 2;
  for (int i = 0; i < 50; ++i) add(event.at(i));
  const Losses at_the_end = losses_;
  EXPECT_EQ(finish(at_the_end).files, paths.size());
  ASSERT_GT(paths.size(), 2U);
  std::uint64_t packets = 0, lost = 0;
  for (const std::string& path : paths) {
    auto reader = Reader(open_source(path));
    int processes = 0, statistics = 0;
    while (const Record* record = reader.next()) {
      if (record->kind == Record::Kind::packet) {
        EXPECT_EQ(processes, 1) << path;
        EXPECT_TRUE(record->packet.options.find(kComment)->text().starts_with("0,curl")) << path;
        ++packets;
      } else if (record->kind == Record::Kind::block && record->block.type == kCustom) {
        ++processes;
      } else if (record->kind == Record::Kind::block && record->block.type == kInterfaceStatistics) {
        ++statistics;
        if (const auto dropped =
                OptionsView(record->block.body.subspan(12), kNativeOrder).find(kStatisticsOsDropped))
          lost += Cursor(dropped->value, kNativeOrder).u64();
      }
    }
    EXPECT_EQ(statistics, 1) << path;
    std::filesystem::remove(path);
  }
  EXPECT_EQ(packets, 50U);
  EXPECT_EQ(lost, 5 * (paths.size() - 1));
}

TEST_F(SessionTest, OnlyFollowedProcessesAreWritten) {
  request_.pids = {1};
  PacketEvent followed = PacketEvent(7).owner("curl", 1).confirmed();
  followed.packet.owner.is_followed = 1;
  add(followed);
  add(PacketEvent(8).owner("other", 2).confirmed());
  const CaptureResult result = finish();
  EXPECT_THAT(comments(), ElementsAre("0,curl,d=i"));
  EXPECT_EQ(result.captured, 1U);
  EXPECT_EQ(result.not_followed, 1U);
}

TEST_F(SessionTest, WhatTheFilterDoesNotMatchIsCountedAndNumbersNoSample) {
  request_.filter = "src port 40000";
  add(PacketEvent(7).owner("curl", 1).confirmed().egress());
  add(PacketEvent(8).owner("wget", 2).confirmed());
  EXPECT_EQ(finish().filtered_out, 1U);
  EXPECT_THAT(comments(), ElementsAre("0,wget,d=i"));
}

TEST_F(SessionTest, DnsIsLeftOutUnlessAskedFor) {
  PacketEvent dns = PacketEvent(7).udp().owner("dig", 1).confirmed();
  dns.packet.remote = PacketEvent::end("198.51.100.53", 53);
  add(dns);
  EXPECT_EQ(finish().dns_left_out, 1U);
}

TEST_F(SessionTest, SuperpacketsAreWrittenAsThePacketsOfTheWire) {
  PacketEvent big = PacketEvent(7).owner("curl", 1).confirmed().egress().payload(std::string(2500, 'x'));
  big.packet.gso_size = 1000;
  add(big);
  const CaptureResult result = finish();
  ASSERT_EQ(written_.size(), 3U);
  EXPECT_EQ(written_[0].length, 1040U);
  EXPECT_EQ(written_[2].length, 540U);
  EXPECT_EQ(result.captured, 3U);
  EXPECT_EQ(result.written, 3U);
}

TEST_F(SessionTest, TranslatedPacketsStayInTheirSocketsSampleAndAreCounted) {
  PacketEvent sent = PacketEvent(7).owner("curl", 1).confirmed();
  sent.packet.remote = PacketEvent::end("203.0.113.80", 80);
  add(sent);
  add(PacketEvent(7).owner("curl", 1).confirmed());
  EXPECT_EQ(finish().translated, 1U);
  EXPECT_THAT(comments(), ElementsAre("0,curl,d=i", "0,curl,d=i"));
}

TEST_F(SessionTest, WithinASampleTimeNeverRunsBackwards) {
  add(PacketEvent(7).owner("curl", 1).confirmed().at(500));
  add(PacketEvent(7).owner("curl", 1).confirmed().at(400));
  finish();
  EXPECT_EQ(written_[0].timestamp_ns, 1'000'000'000'500);
  EXPECT_EQ(written_[1].timestamp_ns, 1'000'000'000'500);
}

TEST_F(SessionTest, AStepOfTheClockMovesOnlyFlowsThatBeginLater) {
  add(PacketEvent(7).owner("curl", 1).confirmed().at(1));
  boot_ += 2'000'000'000;
  wall_ += 2'000'000'000 + 3'600'000'000'000;
  session_->tick();
  add(PacketEvent(7).owner("curl", 1).confirmed().at(2));
  add(PacketEvent(8).owner("curl", 1).confirmed().at(3));
  EXPECT_EQ(finish().clock_steps, 1U);
  EXPECT_EQ(written_[1].timestamp_ns, 1'000'000'000'002);
  EXPECT_EQ(written_[2].timestamp_ns, 4'600'000'000'003);
}

TEST_F(SessionTest, LossesStandOnTheNextPacketAndInTheResult) {
  PacketEvent after = PacketEvent(7).owner("curl", 1).confirmed();
  after.packet.lost[PCAPML_EGRESS] = 3;
  after.packet.lost[PCAPML_INGRESS] = 2;
  add(after);
  add(after);
  const CaptureResult result = finish({{{1, 2, PCAPML_EGRESS}, 3}, {{1, 2, PCAPML_INGRESS}, 2}});
  EXPECT_EQ(written_[0].lost, 5U);
  EXPECT_EQ(written_[1].lost, 0U);
  EXPECT_EQ(result.lost_egress, 3U);
  EXPECT_EQ(result.lost_ingress, 2U);
}

TEST_F(SessionTest, CountEndsWithinASuperpacket) {
  request_.count = 2;
  PacketEvent big = PacketEvent(7).owner("curl", 1).confirmed().egress().payload(std::string(2500, 'x'));
  big.packet.gso_size = 1000;
  add(big);
  EXPECT_TRUE(session_->is_full());
  EXPECT_EQ(finish().written, 2U);
}

}  // namespace
}  // namespace pcapml
