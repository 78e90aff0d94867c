// SPDX-License-Identifier: Apache-2.0
#include "capture/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "capture/packet_events.h"

namespace pcapml {
namespace {

using ::testing::ElementsAre;

class AttributionTest : public ::testing::Test {
 protected:
  void add(const PacketEvent& event) { attribution_.add(event.packet, event.bytes); }

  std::vector<std::string> released_;  // "name sample"
  std::vector<Endpoint> remotes_;
  std::vector<std::uint64_t> ended_;
  Attribution attribution_{
      [this](const AttributedPacket& a) {
        const std::uint64_t sample = a.sample_cookie >= std::uint64_t{1} << 63
                                         ? 1000 + (a.sample_cookie - (std::uint64_t{1} << 63))
                                         : a.sample_cookie;
        released_.push_back(std::string(a.packet.owner.name) + " " + std::to_string(sample));
        remotes_.push_back(a.remote);
      },
      [this](std::uint64_t cookie) { ended_.push_back(cookie); }};
};

TEST_F(AttributionTest, AConfirmedOwnersPacketIsNotHeld) {
  add(PacketEvent(7).owner("curl", 1).confirmed());
  EXPECT_THAT(released_, ElementsAre("curl 7"));
}

TEST_F(AttributionTest, APacketOfNobodyIsNotHeld) {
  add(PacketEvent(7));
  EXPECT_THAT(released_, ElementsAre(" 7"));
}

TEST_F(AttributionTest, PacketsWaitForTheProcessThatUsesTheSocketAndKeepTheirOrder) {
  add(PacketEvent(7).udp().owner("parent", 1).at(1));
  add(PacketEvent(7).udp().owner("parent", 1).at(2));
  EXPECT_THAT(released_, ElementsAre());
  attribution_.add(owner_event(7, "child", 2));
  EXPECT_THAT(released_, ElementsAre("child 7", "child 7"));
}

TEST_F(AttributionTest, AfterTheHoldTheLastKnownUserOwnsThem) {
  add(PacketEvent(7).udp().owner("parent", 1).at(1));
  attribution_.expire(Attribution::kHold);
  EXPECT_THAT(released_, ElementsAre());
  attribution_.expire(Attribution::kHold + 1);
  EXPECT_THAT(released_, ElementsAre("parent 7"));
  add(PacketEvent(7).udp().owner("parent", 1).at(2));
  EXPECT_THAT(released_, ElementsAre("parent 7", "parent 7"));
}

TEST_F(AttributionTest, AHandshakeBelongsToTheConnectionAndItsWorker) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  add(PacketEvent(5).owner("listener", 1).listens().egress().at(2));
  add(PacketEvent(8).owner("listener", 1, 5).at(3));
  EXPECT_THAT(released_, ElementsAre());
  add(PacketEvent(8).owner("worker", 2, 5).confirmed().egress().at(4));
  EXPECT_THAT(released_, ElementsAre("worker 1000", "worker 1000", "worker 1000", "worker 1000"));
}

TEST_F(AttributionTest, AnOwnerWhoCameTooLateIsTooLateHoweverLateThatIsRead) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  add(PacketEvent(8).owner("worker", 2, 5).confirmed().egress().at(Attribution::kHold + 2));
  EXPECT_THAT(released_, ElementsAre("listener 1000", "worker 1000"));
}

TEST_F(AttributionTest, WhoOnlyReadsOwnsTheDataAndTheListenerTheHandshake) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  attribution_.add(reader_event(8, "worker", 2, 5));
  add(PacketEvent(8).owner("listener", 1, 5).at(2));
  EXPECT_THAT(released_, ElementsAre());
  attribution_.expire(Attribution::kHold + 1);
  EXPECT_THAT(released_, ElementsAre("listener 1000", "worker 1000"));
}

TEST_F(AttributionTest, TheFirstToSpeakOwnsTheHandshakeNotTheFirstToRead) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  attribution_.add(reader_event(8, "parent", 2, 5));
  add(PacketEvent(8).owner("child", 3, 5).confirmed().egress().at(2));
  EXPECT_THAT(released_, ElementsAre("child 1000", "child 1000"));
}

TEST_F(AttributionTest, AFloodOfSynsIsBounded) {
  for (std::uint32_t i = 0; i <= Attribution::kMostHandshakes; ++i) {
    PacketEvent syn = PacketEvent(5 + i).owner("listener", 1).listens().syn(100);
    add(syn);
  }
  EXPECT_EQ(released_.size(), Attribution::kMostHandshakes);
  EXPECT_EQ(attribution_.cut_short(), Attribution::kMostHandshakes);
}

TEST_F(AttributionTest, AConfirmedOwnerSettlesTheHandshake) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  attribution_.add(owner_event(8, "worker", 2, 5));
  EXPECT_THAT(released_, ElementsAre("worker 1000"));
  // The last ACK may still come to the listening socket.
  add(PacketEvent(5).owner("listener", 1).listens().at(2));
  EXPECT_THAT(released_, ElementsAre("worker 1000", "worker 1000"));
}

TEST_F(AttributionTest, AWorkerThatIsLateStaysInTheHandshakesSample) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  attribution_.expire(Attribution::kHold + 1);
  add(PacketEvent(8).owner("worker", 2, 5).confirmed().egress().at(Attribution::kHold * 2));
  EXPECT_THAT(released_, ElementsAre("listener 1000", "worker 1000"));
}

TEST_F(AttributionTest, AnotherConnectionFromTheSamePortIsAnotherSample) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  attribution_.add(owner_event(8, "worker", 2, 5));
  add(PacketEvent(5).owner("listener", 1).listens().syn(200).at(2));
  attribution_.add(owner_event(9, "worker", 2, 5));
  EXPECT_THAT(released_, ElementsAre("worker 1000", "worker 1001"));
}

TEST_F(AttributionTest, TheAnswerToASynThatWasLostBeginsAnotherSample) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  add(PacketEvent(5).owner("listener", 1).listens().egress(100).at(2));
  attribution_.add(owner_event(8, "worker", 2, 5));
  add(PacketEvent(5).owner("listener", 1).listens().egress(200).at(3));
  attribution_.add(owner_event(9, "worker", 2, 5));
  EXPECT_THAT(released_, ElementsAre("worker 1000", "worker 1000", "worker 1001"));
}

TEST_F(AttributionTest, AClosedSocketIsForgottenAfterAWhile) {
  add(PacketEvent(7).owner("curl", 1).confirmed().at(1));
  attribution_.add(pcapml_closed_event{PCAPML_CLOSED, 0, 2, 7});
  add(PacketEvent(7).owner("curl", 1).confirmed().at(3));  // a reset, say
  attribution_.expire(Attribution::kKeptClosed);
  EXPECT_EQ(attribution_.sockets(), 1U);
  attribution_.expire(Attribution::kKeptClosed * 2);
  EXPECT_EQ(attribution_.sockets(), 0U);
  EXPECT_THAT(ended_, ElementsAre(7));
}

TEST_F(AttributionTest, ASocketThatIsConnectedAgainAfterItsEndIsNotForgotten) {
  add(PacketEvent(7).owner("curl", 1).confirmed().at(1));
  attribution_.add(pcapml_closed_event{PCAPML_CLOSED, 0, 2, 7});
  add(PacketEvent(7).owner("curl", 1).confirmed().at(Attribution::kKeptClosed / 2));
  attribution_.expire(Attribution::kKeptClosed * 2);
  EXPECT_EQ(attribution_.sockets(), 1U);
  EXPECT_THAT(ended_, ElementsAre());
}

TEST_F(AttributionTest, AScanOfPortsIsForgotten) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  attribution_.expire(Attribution::kHold + 1);
  attribution_.expire(Attribution::kKeptClosed * 4);
  EXPECT_EQ(ended_.size(), 1U);
}

TEST_F(AttributionTest, ARepeatedSynIsTheSameSample) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(2));
  attribution_.add(owner_event(8, "worker", 2, 5));
  EXPECT_THAT(released_, ElementsAre("worker 1000", "worker 1000"));
}

TEST_F(AttributionTest, AnUnconnectedSocketsRemoteIsWhatSendmsgNamed) {
  add(PacketEvent(7).udp().unconnected().owner("dig", 1).sent_to("198.51.100.9", 53).egress());
  ASSERT_EQ(remotes_.size(), 1U);
  EXPECT_EQ(to_string(remotes_[0].address), "198.51.100.9");
  EXPECT_EQ(remotes_[0].port, 53);
}

TEST_F(AttributionTest, NothingIsLeftAtTheEnd) {
  add(PacketEvent(5).owner("listener", 1).listens().syn(100).at(1));
  add(PacketEvent(7).udp().owner("parent", 1).at(1));
  attribution_.finish();
  EXPECT_EQ(released_.size(), 2U);
}

TEST_F(AttributionTest, WhatWaitsIsBoundedAndCounted) {
  PacketEvent big = PacketEvent(7).udp().owner("parent", 1);
  big.bytes.resize(60000);
  const std::size_t packets = Attribution::kMostHeldBytes / big.bytes.size() + 1;
  for (std::size_t i = 0; i < packets; ++i) add(big);
  EXPECT_EQ(released_.size(), packets);
  EXPECT_EQ(attribution_.cut_short(), packets);
}

}  // namespace
}  // namespace pcapml
