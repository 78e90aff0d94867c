// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "build_capture.h"
#include "net/packet_samples.h"

/// Captures whose every packet's label is known, and tables of their flows with all that published tables do
/// to them.
namespace pcapml::test {

inline constexpr std::int64_t kMicros = 1'000'000;

struct TrueFlow {
  unsigned client = 0, server = 0, client_port = 0, server_port = 0;
  unsigned protocol = 6;
  std::string label;
  std::vector<std::int64_t> times_us;  ///< of its packets, in order
};

struct TruePacket {
  std::int64_t time_us = 0;
  std::size_t flow = 0;
  bool from_client = true;
};

struct Truth {
  std::vector<TrueFlow> flows;
  std::vector<TruePacket> packets;  ///< in the order of the capture
};

/// Flows of a few packets over some hours. Every second one has the addresses and ports of the one before,
/// ten minutes later, and another label.
inline Truth make_truth(std::uint32_t seed, std::int64_t start_us, unsigned minutes) {
  std::mt19937_64 random(seed);
  const auto below = [&random](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  const char* const labels[] = {"BENIGN", "DoS Hulk", "Web Attack – XSS", "a,b%"};
  Truth truth;
  for (unsigned i = 0; i < 100; ++i) {
    TrueFlow flow;
    if (i % 2 == 1) {
      flow = truth.flows.back();
      const std::int64_t gap = 600 * kMicros + below(30 * kMicros);
      for (std::int64_t& time : flow.times_us) time += gap;
    } else {
      flow.client = 0x0a000001 + static_cast<unsigned>(below(20));
      flow.server = 0xc0000201 + static_cast<unsigned>(below(5));
      flow.client_port = 1024 + i;
      flow.server_port = below(2) != 0 ? 80 : 443;
      flow.protocol = below(3) != 0 ? 6 : 17;
      std::int64_t time = start_us + below(std::int64_t{minutes} * 60 * kMicros);
      for (std::int64_t left = 1 + below(6); left > 0; --left, time += below(10 * kMicros))
        flow.times_us.push_back(time);
    }
    flow.label = labels[i % 2 == 1 ? below(4) : i / 2 % 4];
    truth.flows.push_back(flow);
  }
  for (std::size_t i = 0; i < truth.flows.size(); ++i)
    for (std::size_t k = 0; k < truth.flows[i].times_us.size(); ++k)
      truth.packets.push_back({truth.flows[i].times_us[k], i, below(2) != 0});
  std::stable_sort(truth.packets.begin(), truth.packets.end(),
                   [](const TruePacket& a, const TruePacket& b) { return a.time_us < b.time_us; });
  return truth;
}

inline Builder capture_of(const Truth& truth) {
  using namespace samples;
  Builder file;
  file.section().interface(101);
  for (const TruePacket& packet : truth.packets) {
    const TrueFlow& flow = truth.flows[packet.flow];
    const bool out = packet.from_client;
    const std::string ports = out ? be16(flow.client_port) + be16(flow.server_port)
                                  : be16(flow.server_port) + be16(flow.client_port);
    const std::string rest =
        flow.protocol == 6 ? be32(1) + be32(2) + be8(0x50) + be8(0x10) + zeros(6) : be16(8) + zeros(2);
    file.enhanced(0, static_cast<std::uint64_t>(packet.time_us),
                  ipv4({.protocol = flow.protocol,
                        .source = out ? flow.client : flow.server,
                        .destination = out ? flow.server : flow.client},
                       ports + rest));
  }
  return file;
}

/// How a table writes its times.
struct TimeStyle {
  enum class Date : unsigned char { ymd, dmy, mdy, epoch } date = Date::ymd;
  enum class Clock : unsigned char { h24, am_pm, h12 } clock = Clock::h24;
  enum class Unit : unsigned char { minutes, seconds, micros } unit = Unit::micros;
  std::int64_t offset_minutes = 0;
};

inline std::string time_text(std::int64_t utc_us, const TimeStyle& style) {
  using namespace std::chrono;
  if (style.date == TimeStyle::Date::epoch)
    return fmt::format("{}.{:06}", utc_us / kMicros, utc_us % kMicros);
  const sys_time<microseconds> local{microseconds(utc_us + style.offset_minutes * 60 * kMicros)};
  const auto midnight = floor<days>(local);
  const year_month_day date(midnight);
  const hh_mm_ss time(local - midnight);
  const int year = static_cast<int>(date.year());
  const unsigned month = static_cast<unsigned>(date.month()), day = static_cast<unsigned>(date.day());
  std::string text = style.date == TimeStyle::Date::ymd   ? fmt::format("{:04}-{:02}-{:02}", year, month, day)
                     : style.date == TimeStyle::Date::dmy ? fmt::format("{}/{}/{}", day, month, year)
                                                          : fmt::format("{:02}/{:02}/{}", month, day, year);
  const auto hour = time.hours().count();
  text += fmt::format(" {}:{:02}", style.clock == TimeStyle::Clock::h24 ? hour : (hour + 11) % 12 + 1,
                      time.minutes().count());
  if (style.unit != TimeStyle::Unit::minutes) text += fmt::format(":{:02}", time.seconds().count());
  if (style.unit == TimeStyle::Unit::micros) text += fmt::format(".{:06}", time.subseconds().count());
  if (style.clock == TimeStyle::Clock::am_pm) text += hour < 12 ? " AM" : " PM";
  return text;
}

inline std::string address_text(unsigned address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

/// One line for a flow, in CICFlowMeter's columns.
inline std::string record_of(const TrueFlow& flow, const TimeStyle& style, bool swapped,
                             const std::string& label) {
  const auto end = [](unsigned address, unsigned port) {
    return fmt::format("{},{}", address_text(address), port);
  };
  const std::string client = end(flow.client, flow.client_port), server = end(flow.server, flow.server_port);
  return fmt::format("id,{},{},{},{},{},\"{}\"\n", swapped ? server : client, swapped ? client : server,
                     flow.protocol, time_text(flow.times_us.front(), style),
                     flow.times_us.back() - flow.times_us.front(), label);
}

inline const char* const kTableHeader =
    "Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration, "
    "Label\n";

}  // namespace pcapml::test
