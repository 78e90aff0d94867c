// SPDX-License-Identifier: Apache-2.0
// How long one packet takes from memory through a reader, and on through a writer. The argument is the length
// of the packets; those of pcapng carry one label, as in a dataset. copy_only is the part that every read
// begins with.
#include <benchmark/benchmark.h>

#include "format/options.h"
#include "format/pcap_writer.h"
#include "format/pcapng_writer.h"
#include "io/output_stream.h"
#include "pcapml/reader.h"

namespace pcapml {
namespace {

constexpr int kPackets = 20'000;  // a file of 10 MB, so that the cache does not hide the copy

PacketView packet_of(const std::vector<std::byte>& data) {
  PacketView packet;
  packet.ticks = 1'700'000'000'000'000;
  packet.timestamp_ns = 1'700'000'000'000'000'000;
  packet.data = data;
  packet.original_length = static_cast<std::uint32_t>(data.size());
  return packet;
}

std::vector<std::byte> pcapng_file(const benchmark::State& state, ByteOrder order) {
  const std::vector<std::byte> data(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> file;
  OutputStream out(memory_sink(file));
  PcapngWriter writer(out);
  writer.section(order, {});
  writer.interface(Interface{});
  for (int i = 0; i < kPackets; ++i) writer.packet(0, packet_of(data), {{}, "1234,web-browsing", {}});
  out.finish();
  return file;
}

std::vector<std::byte> pcap_file(const benchmark::State& state) {
  const std::vector<std::byte> data(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> file;
  OutputStream out(memory_sink(file));
  PcapWriter writer(out, PcapShape{});
  const PacketView packet = packet_of(data);
  for (int i = 0; i < kPackets; ++i) writer.packet(packet.timestamp_ns, packet.original_length, data);
  out.finish();
  return file;
}

void read(benchmark::State& state, const std::vector<std::byte>& file) {
  for (auto _ : state) {
    Reader reader(memory_source(file));
    std::uint64_t bytes = 0;
    while (const PacketView* packet = reader.next_packet()) bytes += packet->data.size();
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}

class NullSink final : public Sink {
 public:
  void write(Bytes bytes) override { benchmark::DoNotOptimize(bytes.data()); }
};

void read_pcap(benchmark::State& state) { read(state, pcap_file(state)); }
void read_pcapng(benchmark::State& state) { read(state, pcapng_file(state, ByteOrder::little)); }
void read_pcapng_big_endian(benchmark::State& state) { read(state, pcapng_file(state, ByteOrder::big)); }

void copy_only(benchmark::State& state) {
  const std::vector<std::byte> file = pcapng_file(state, ByteOrder::little);
  std::vector<std::byte> window(std::size_t{1} << 20);
  for (auto _ : state) {
    const auto source = memory_source(file);
    while (source->read(window) != 0) benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}

void read_and_write_pcapng(benchmark::State& state) {
  const std::vector<std::byte> file = pcapng_file(state, ByteOrder::little);
  for (auto _ : state) {
    OutputStream out(std::make_unique<NullSink>());
    PcapngWriter writer(out);
    writer.section(ByteOrder::little, {});
    Reader reader(memory_source(file));
    while (const PacketView* packet = reader.next_packet())
      writer.packet(packet->interface_id, *packet, {packet->options.encoded(), {}, {}});
    out.finish();
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}

BENCHMARK(copy_only)->Arg(60)->Arg(512);
BENCHMARK(read_pcap)->Arg(60)->Arg(512);
BENCHMARK(read_pcapng)->Arg(60)->Arg(512);
BENCHMARK(read_pcapng_big_endian)->Arg(60)->Arg(512);
BENCHMARK(read_and_write_pcapng)->Arg(60)->Arg(512);

}  // namespace
}  // namespace pcapml
