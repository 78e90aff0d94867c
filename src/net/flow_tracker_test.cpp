// SPDX-License-Identifier: Apache-2.0
#include "net/flow_tracker.h"

#include <gtest/gtest.h>

#include "net/ip_protocol.h"
#include "net/tcp_flags.h"

namespace pcapml {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Headers packet(std::uint16_t source_port, std::uint8_t flags = kTcpAck, bool reply = false) {
  Headers headers;
  headers.flow.source = {{10, 0, 0, 1}, 4};
  headers.flow.destination = {{10, 0, 0, 2}, 4};
  headers.flow.source_port = source_port;
  headers.flow.destination_port = 80;
  headers.flow.protocol = kProtocolTcp;
  headers.tcp_flags = flags;
  if (reply) headers.flow = headers.flow.reversed();
  return headers;
}

TEST(FlowTracker, NumbersFlowsInOrderOfAppearanceAndBothDirectionsAsOne) {
  FlowTracker tracker({}, 1000);
  EXPECT_EQ(tracker.add(packet(1), 0, true).flow, 0U);
  EXPECT_EQ(tracker.add(packet(2), 1, true).flow, 1U);
  const auto reply = tracker.add(packet(1, kTcpAck, true), 2, true);
  EXPECT_EQ(reply.flow, 0U);
  EXPECT_FALSE(reply.is_new);
  EXPECT_FALSE(reply.from_initiator);
  EXPECT_TRUE(tracker.add(packet(1), 3, true).from_initiator);
}

TEST(FlowTracker, EndsAFlowAfterItsIdleTimeout) {
  FlowTracker tracker({.idle_ns = 60 * kSecond}, 1000);
  tracker.add(packet(1), 0, true);
  EXPECT_EQ(tracker.add(packet(1), 60 * kSecond, true).flow, 0U);
  EXPECT_EQ(tracker.add(packet(1), 120 * kSecond + 1, true).flow, 1U);
}

TEST(FlowTracker, BeginsAFlowAtASynAfterAClosedConnectionOnly) {
  FlowTracker tracker({}, 1000);
  tracker.add(packet(1, kTcpSyn), 0, true);
  EXPECT_EQ(tracker.add(packet(1, kTcpSyn), 1, true).flow, 0U) << "a retransmitted SYN";
  tracker.add(packet(1, kTcpFin | kTcpAck), 2, true);
  EXPECT_EQ(tracker.add(packet(1, kTcpSyn), 3, true).flow, 0U) << "half closed";
  tracker.add(packet(1, kTcpFin | kTcpAck, true), 4, true);
  EXPECT_EQ(tracker.add(packet(1), 5, true).flow, 0U) << "the last acknowledgment";
  EXPECT_EQ(tracker.add(packet(1, kTcpSyn), 6, true).flow, 1U);
  tracker.add(packet(1, kTcpRst), 7, true);
  EXPECT_EQ(tracker.add(packet(1, kTcpSyn), 8, true).flow, 2U);
}

TEST(FlowTracker, LeavesSynAloneWhereAskedTo) {
  FlowTracker tracker({.new_flow_at_syn = false}, 1000);
  tracker.add(packet(1, kTcpRst), 0, true);
  EXPECT_EQ(tracker.add(packet(1, kTcpSyn), 1, true).flow, 0U);
}

TEST(FlowTracker, PacketsWithoutATimeEndNoFlow) {
  FlowTracker tracker({}, 1000);
  tracker.add(packet(1), 1000 * kSecond, true);
  EXPECT_EQ(tracker.add(packet(1), 0, false).flow, 0U);
  EXPECT_EQ(tracker.add(packet(1), 1001 * kSecond, true).flow, 0U);
}

TEST(FlowTracker, ForgetsTheLongestUnusedFirstAndCounts) {
  FlowTracker tracker({}, 100);
  for (std::uint16_t i = 0; i < 10'000; ++i) {
    tracker.add(packet(i), i, true);
    EXPECT_EQ(tracker.add(packet(60'000), i, true).flow, 1U) << "used all the time";
  }
  EXPECT_GT(tracker.forgotten(), 9'000U);
  EXPECT_LE(tracker.forgotten(), 10'000U);
}

}  // namespace
}  // namespace pcapml
