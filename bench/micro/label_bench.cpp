// SPDX-License-Identifier: Apache-2.0
// How long a label takes from a packet's options to its name, in each form that comments have.
#include <benchmark/benchmark.h>

#include "format/options.h"
#include "format/pcapng_writer.h"
#include "io/output_stream.h"
#include "label/packet_label.h"
#include "pcapml/label.h"
#include "pcapml/reader.h"

namespace pcapml {
namespace {

constexpr const char* kShort = "1234,web-browsing";
constexpr const char* kLive = "42,chrome,d=e,dst=www.example.com,dst_source=sni";
constexpr const char* kKeyed = "s=42,proc=chrome,dir=lan2wan,dst=www.example.com";
constexpr const char* kEscaped = "42,one%2C two%25,key=a%0Ab";

void parse(benchmark::State& state, const char* comment) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(comment);
    benchmark::DoNotOptimize(parse_label(comment));
  }
}

void name(benchmark::State& state, const char* comment) {
  std::string scratch;
  for (auto _ : state) {
    benchmark::DoNotOptimize(comment);
    benchmark::DoNotOptimize(label_name(*parse_label(comment), scratch));
  }
}

void decode_and_encode(benchmark::State& state, const char* comment) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(comment);
    benchmark::DoNotOptimize(encode_label(decode_label(*parse_label(comment))));
  }
}

/// With another comment before it.
void find_among_options(benchmark::State& state) {
  std::vector<std::byte> file;
  OutputStream out(memory_sink(file));
  PcapngWriter writer(out);
  writer.section(ByteOrder::little, {});
  writer.interface(Interface{});
  const std::vector<std::byte> data(60);
  PacketView packet;
  packet.data = data;
  packet.original_length = 60;
  writer.packet(0, packet, {{}, "seen by hand", {}});
  writer.packet(0, packet, {{}, kLive, {}});
  out.finish();
  Reader first(memory_source(file));
  const Bytes before = first.next_packet()->options.encoded();
  std::vector<std::byte> options(before.begin(), before.end());
  Reader second(memory_source(file));
  second.next_packet();
  const Bytes label = second.next_packet()->options.encoded();
  options.insert(options.end(), label.begin(), label.end());
  const OptionsView view(options, ByteOrder::little);
  if (!find_label(view).label) state.SkipWithError("no label found");
  for (auto _ : state) benchmark::DoNotOptimize(find_label(view));
}

BENCHMARK_CAPTURE(parse, positional, kShort);
BENCHMARK_CAPTURE(parse, live, kLive);
BENCHMARK_CAPTURE(parse, keyed, kKeyed);
BENCHMARK_CAPTURE(name, positional, kShort);
BENCHMARK_CAPTURE(name, keyed, kKeyed);
BENCHMARK_CAPTURE(name, escaped, kEscaped);
BENCHMARK_CAPTURE(decode_and_encode, live, kLive);
BENCHMARK(find_among_options);

}  // namespace
}  // namespace pcapml
