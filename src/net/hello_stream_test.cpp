// SPDX-License-Identifier: Apache-2.0
#include "net/hello_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "net/client_hello_builder.h"

namespace pcapml {
namespace {

using namespace samples;

constexpr std::uint32_t kStart = 0xfffffe00;  // numbers wrap within every hello
const std::string kName = "www.example.org";

struct Segment {
  std::size_t offset;
  std::string payload;
};

std::vector<Segment> cut(const std::string& stream, std::size_t size) {
  std::vector<Segment> segments;
  for (std::size_t at = 0; at < stream.size(); at += size) segments.push_back({at, stream.substr(at, size)});
  return segments;
}

HelloStream feed(const std::vector<Segment>& segments, bool with_syn) {
  HelloStream stream;
  if (with_syn) stream.syn(kStart - 1);
  for (const auto& segment : segments)
    stream.add(kStart + static_cast<std::uint32_t>(segment.offset), as_bytes(segment.payload));
  return stream;
}

void expect_found(const std::vector<Segment>& segments, const std::string& what) {
  for (const bool with_syn : {true, false}) {
    const HelloStream stream = feed(segments, with_syn);
    EXPECT_EQ(stream.state(), HelloState::found) << what << (with_syn ? ", SYN" : "");
    EXPECT_EQ(stream.server_name(), kName) << what << (with_syn ? ", SYN" : "");
  }
}

std::string joined(const std::string& a, const std::string& b) { return a + b; }

TEST(HelloStream, FindsAHelloInOneSegmentAndHoldsOnlyTheName) {
  HelloStream stream;
  stream.syn(kStart - 1);
  EXPECT_EQ(stream.add(kStart, as_bytes(hello_record(browser_hello("short.example")))), HelloState::found);
  EXPECT_EQ(stream.server_name(), "short.example");
  EXPECT_EQ(stream.memory(), 0u);
  EXPECT_FALSE(stream.has_ech());
}

TEST(HelloStream, FindsAHelloSplitAtAnyByte) {
  const std::string bytes = hello_record(browser_hello(kName));
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const Segment head{0, bytes.substr(0, at)}, tail{at, bytes.substr(at)};
    expect_found({head, tail}, "at " + std::to_string(at));
    expect_found({tail, head}, "reversed at " + std::to_string(at));
  }
}

TEST(HelloStream, FindsAHelloInSegmentsOfOneByte) {
  expect_found(cut(hello_record(browser_hello(kName)), 1), "in order");
  auto small = cut(hello_record(small_hello(kName)), 1);
  std::shuffle(small.begin(), small.end(), std::mt19937(1));
  for (const bool with_syn : {true, false}) {
    HelloStream stream = feed(small, with_syn);
    stream.finish();
    EXPECT_EQ(stream.server_name(), kName);
  }
}

TEST(HelloStream, FindsAHelloOverRecordsOfAnySize) {
  const std::string message = handshake(1, browser_hello(kName).body());
  for (const std::size_t size : {1u, 2u, 3u, 4u, 5u, 100u, 517u, 1000u}) {
    expect_found({{0, records(message, size)}}, "records of " + std::to_string(size));
    expect_found(cut(records(message, size), 700), "segments and records of " + std::to_string(size));
    HelloStream stream = feed(cut(records(message, size), 7), true);
    stream.finish();  // what costs much to look at is looked at less often
    EXPECT_EQ(stream.server_name(), kName) << size;
  }
}

TEST(HelloStream, FindsAHelloWhateverTheOrder) {
  std::mt19937 random(7);
  for (const std::size_t size : {200u, 536u, 1000u}) {
    for (int round = 0; round < 50; ++round) {
      auto segments = cut(joined("EHLO me\r\nSTARTTLS\r\n", hello_record(browser_hello(kName))), size);
      std::shuffle(segments.begin(), segments.end(), random);
      expect_found(segments, "size " + std::to_string(size));
    }
  }
}

TEST(HelloStream, FindsAHelloAmongRepeatedAndOverlappingSegments) {
  std::mt19937 random(11);
  const std::string bytes = hello_record(browser_hello(kName));
  for (int round = 0; round < 100; ++round) {
    auto segments = cut(bytes, 400);
    for (int i = 0; i < 6; ++i) {
      const std::size_t at = random() % bytes.size();
      segments.push_back({at, bytes.substr(at, 1 + random() % 600)});
    }
    std::shuffle(segments.begin(), segments.end(), random);
    expect_found(segments, "round " + std::to_string(round));
  }
}

TEST(HelloStream, IsNotShiftedByStrayBytes) {
  const std::string bytes = hello_record(browser_hello(kName));
  for (const std::size_t size : {300u, 1000u, 5000u}) {
    for (const std::string& stray :
         {std::string(1, '\0'), std::string(6, '\0'), std::string("\x16\x03\x01")}) {
      const auto segments = cut(bytes, size);
      for (std::size_t i = 0; i <= segments.size(); ++i) {
        const std::size_t at = i < segments.size() ? segments[i].offset : bytes.size();
        auto same_number = segments, before = segments, late = segments;
        const auto place = static_cast<std::ptrdiff_t>(i);
        same_number.insert(same_number.begin() + place, {at, stray});
        before.insert(before.begin() + place, {at - 1, std::string(1, '\0')});
        late.push_back({at, stray});
        const std::string what = std::to_string(size) + " before segment " + std::to_string(i);
        expect_found(same_number, "bogus payload, " + what);
        expect_found(before, "keep-alive, " + what);
        expect_found(late, "late bogus payload, " + what);
      }
    }
  }
}

TEST(HelloStream, FindsAHelloThatAStrayByteShifts) {
  const std::string bytes = joined(std::string("\0", 1), hello_record(browser_hello(kName)));
  expect_found(cut(bytes, 1400), "one byte before");
}

TEST(HelloStream, FindsAHelloAfterADialogue) {
  const std::string hello = hello_record(browser_hello(kName));
  const std::vector<std::string> dialogues = {
      "EHLO client.example\r\nSTARTTLS\r\n",
      "a001 CAPABILITY\r\na002 STARTTLS\r\n",
      "CAPA\r\nSTLS\r\n",
      "AUTH TLS\r\n",
      std::string("\x30\x1d\x02\x01\x01\x77\x18\x80\x16", 9) + "1.3.6.1.4.1.1466.20037",
      "<stream:stream to='x'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
      std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8),
      std::string("\x20\0\0\x01\x85\xae\xff\x19\0\0\0\x01\x21", 13) + zeros(23),
      std::string("\x04\x01\x01\xbb\xc0\0\x02\x01\0", 9),
      std::string("\x05\x01\0\x05\x01\0\x03\x0b", 8) + "example.org\x01\xbb",
      "CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org:443\r\n\r\n",
      std::string(8000, '\x16'),
      std::string("\x16\x03\x01\x40\0\x01\0\x3f\xfc\x03\x03", 11) + zeros(60),
  };
  for (const auto& dialogue : dialogues) {
    expect_found({{0, dialogue}, {dialogue.size(), hello}}, "after " + dialogue.substr(0, 20));
    expect_found({{0, dialogue + hello}}, "joined to " + dialogue.substr(0, 20));
    expect_found(cut(dialogue + hello, 1000), "in pieces after " + dialogue.substr(0, 20));
  }
}

TEST(HelloStream, SaysWhetherTheHelloIsEncrypted) {
  Hello hello = browser_hello("public.example");
  hello.extensions.push_back(ech_extension());
  HelloStream stream = feed(cut(hello_record(hello), 1400), true);
  EXPECT_EQ(stream.state(), HelloState::found);
  EXPECT_TRUE(stream.has_ech());
}

TEST(HelloStream, FindsAHelloWithoutAName) {
  HelloStream stream = feed(cut(hello_record(Hello{}), 20), true);
  EXPECT_EQ(stream.state(), HelloState::found);
  EXPECT_EQ(stream.server_name(), "");
}

TEST(HelloStream, TakesTheNameOfAHelloThatNeverEnds) {
  const std::string bytes = hello_record(browser_hello(kName));
  HelloStream cut_after_name = feed({{0, bytes.substr(0, 1500)}}, true);
  EXPECT_EQ(cut_after_name.state(), HelloState::waiting);
  EXPECT_EQ(cut_after_name.finish(), HelloState::found);
  EXPECT_EQ(cut_after_name.server_name(), kName);

  HelloStream cut_before_name = feed({{0, bytes.substr(0, 900)}}, true);
  EXPECT_EQ(cut_before_name.finish(), HelloState::none);
  HelloStream nothing;
  EXPECT_EQ(nothing.finish(), HelloState::none);
}

TEST(HelloStream, TakesTheNameOfAHelloThatIsTooLongToHold) {
  Hello hello = small_hello(kName);
  for (int i = 0; i < 4; ++i) hello.extensions.push_back({21, zeros(8000)});
  expect_found(cut(records(handshake(1, hello.body()), 16384), 1400), "32,000 bytes");
}

TEST(HelloStream, GivesUpAfter16KiBOfSomethingElse) {
  const std::string text(1000, 'x');
  HelloStream stream;
  stream.syn(kStart - 1);
  std::uint32_t sequence = kStart;
  for (int i = 0; i < 16; ++i, sequence += 1000) {
    EXPECT_EQ(stream.add(sequence, as_bytes(text)), HelloState::waiting);
    EXPECT_EQ(stream.memory(), 0u);
  }
  EXPECT_EQ(stream.add(sequence, as_bytes(text)), HelloState::none);
}

TEST(HelloStream, HoldsABoundedAmountWhateverComes) {
  std::mt19937 random(3);
  for (const bool with_syn : {false, true}) {
    HelloStream stream;
    if (with_syn) stream.syn(kStart - 1);
    std::size_t most = 0;
    for (int i = 0; i < 4000 && stream.state() == HelloState::waiting; ++i) {
      std::string bytes(1 + random() % 40, '\0');
      for (char& c : bytes) c = "\x16\x03\x01\x01"[random() % 4];
      stream.add(kStart + static_cast<std::uint32_t>(random() % 20000), as_bytes(bytes));
      most = std::max(most, stream.memory());
    }
    EXPECT_NE(stream.state(), HelloState::waiting);
    EXPECT_LT(most, 100'000u);
    EXPECT_EQ(stream.memory(), 0u);
  }
}

TEST(HelloStream, GivesUpOnAStreamThatMovedOnWithoutItsStart) {
  HelloStream stream;
  stream.syn(kStart - 1);
  const std::string text(1400, 'x');
  std::uint32_t sequence = kStart + 20000;
  for (int i = 0; i < 60; ++i, sequence += 1400) stream.add(sequence, as_bytes(text));
  EXPECT_EQ(stream.state(), HelloState::none);
}

TEST(HelloStream, ExpectsNothingFromAServer) {
  const std::string server = record(handshake(2, be16(0x0303) + std::string(32, 'r') + zeros(6)));
  EXPECT_EQ(feed({{0, server}}, true).state(), HelloState::none);
}

}  // namespace
}  // namespace pcapml
