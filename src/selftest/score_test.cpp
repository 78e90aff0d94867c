// SPDX-License-Identifier: Apache-2.0
#include "selftest/score.h"

#include <gtest/gtest.h>

namespace pcapml::selftest {
namespace {

/// A packet from st-udp-cli to st-udp-srv.
Truth::Packet packet(const std::string& content) {
  return {{{content, 'e', {"st-udp-cli"}}, {content, 'i', {"st-udp-srv"}}}, "udp", 0, content};
}

Score score_of(const std::vector<Truth::Packet>& wire, const std::vector<Captured>& file) {
  Scorer scorer;
  for (const auto& one : wire) scorer.expect(one);
  for (const auto& one : file) scorer.captured(one);
  return scorer.score();
}

TEST(Score, CountsBothEndsOfAPacketAsRight) {
  const Score score = score_of({packet("a")}, {{"a", 'e', "st-udp-cli"}, {"a", 'i', "st-udp-srv"}});
  const Counts counts = score.kinds.at("udp");
  EXPECT_EQ(counts.expected, 2u);
  EXPECT_EQ(counts.right, 2u);
  EXPECT_TRUE(counts.is_perfect());
  EXPECT_TRUE(score.faults.empty());
}

TEST(Score, TellsWrongUnknownAndLostApart) {
  const Score score = score_of({packet("a"), packet("b")},
                               {{"a", 'e', "st-udp-srv"}, {"a", 'i', "_unknown"}, {"b", 'e', "_kernel"}});
  const Counts counts = score.kinds.at("udp");
  EXPECT_EQ(counts.right, 0u);
  EXPECT_EQ(counts.wrong, 1u);
  EXPECT_EQ(counts.unknown, 2u);
  EXPECT_EQ(counts.lost, 1u);
  EXPECT_EQ(score.faults.at({"udp", 'e', "st-udp-cli", "st-udp-srv", false}), 1u);
  EXPECT_EQ(score.faults.at({"udp", 'i', "st-udp-srv", "", false}), 1u);
}

TEST(Score, ADirectionIsPartOfTheTruth) {
  const Counts counts =
      score_of({packet("a")}, {{"a", 'i', "st-udp-cli"}, {"a", 'i', "st-udp-srv"}}).kinds.at("udp");
  EXPECT_EQ(counts.right, 1u);
  EXPECT_EQ(counts.wrong, 1u) << "received twice";
  EXPECT_EQ(counts.lost, 1u) << "never sent";
}

TEST(Score, APacketThatIsCapturedTwiceIsWrongOnce) {
  const Score score =
      score_of({packet("a")}, {{"a", 'e', "st-udp-cli"}, {"a", 'e', "st-udp-cli"}, {"a", 'i', "st-udp-srv"}});
  EXPECT_EQ(score.kinds.at("udp").right, 2u);
  EXPECT_EQ(score.kinds.at("udp").wrong, 1u);
  EXPECT_EQ(to_string(score.faults.begin()->first),
            "sent by st-udp-cli: captured once too often, as st-udp-cli");
}

TEST(Score, EqualPacketsAreEachExpected) {
  const Counts counts = score_of({packet("a"), packet("a")},
                                 {{"a", 'e', "_unknown"}, {"a", 'e', "st-udp-cli"}, {"a", 'i', "st-udp-srv"}})
                            .kinds.at("udp");
  EXPECT_EQ(counts.expected, 4u);
  EXPECT_EQ(counts.right, 2u);
  EXPECT_EQ(counts.unknown, 1u);
  EXPECT_EQ(counts.lost, 1u);
}

TEST(Score, EitherOwnerIsRightWhereASocketChangesHands) {
  Truth::Packet handed = packet("a");
  handed.ends[1].owners = {"st-udp-par", "st-udp-chd"};
  for (const char* label : {"st-udp-par", "st-udp-chd"}) {
    const Score score = score_of({handed}, {{"a", 'e', "st-udp-cli"}, {"a", 'i', label}});
    EXPECT_TRUE(score.kinds.at("udp").is_perfect()) << label;
  }
}

TEST(Score, WhatTheDeviceDroppedIsNotExpectedToBeReceived) {
  Scorer scorer;
  scorer.expect(packet("a"));
  scorer.expect(packet("b"));
  for (const char* content : {"a", "b"}) scorer.captured({content, 'e', "st-udp-cli"});
  scorer.dropped("udp", 1);
  const Counts counts = scorer.score().kinds.at("udp");
  EXPECT_EQ(counts.expected, 3u);
  EXPECT_EQ(counts.lost, 1u) << "one of two was dropped";
}

TEST(Score, ADropDoesNotExcuseWhatWasNotCapturedAsItWasSent) {
  Scorer scorer;
  scorer.expect(packet("a"));
  scorer.captured({"a", 'i', "st-udp-srv"});
  scorer.dropped("udp", 1);
  EXPECT_EQ(scorer.score().kinds.at("udp").lost, 1u);
}

TEST(Score, PacketsThatWereNeverSentAreStrangers) {
  const Score score = score_of({}, {{"x", 'e', "st-udp-cli"}});
  EXPECT_EQ(score.strangers, 1u);
}

TEST(Score, EndsWithoutASocketAreNotExpectedAndNoStrangers) {
  Truth::Packet request = packet("ping");
  request.ends.pop_back();
  request.without_socket = 1;
  const Score score = score_of({request}, {{"ping", 'e', "st-udp-cli"}, {"ping", 'i', "_kernel"}});
  EXPECT_EQ(score.kinds.at("udp").expected, 1u);
  EXPECT_EQ(score.kinds.at("udp").without_socket, 1u);
  EXPECT_EQ(score.strangers, 0u);
  EXPECT_TRUE(score.kinds.at("udp").is_perfect());
}

}  // namespace
}  // namespace pcapml::selftest
