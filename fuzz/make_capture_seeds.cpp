// SPDX-License-Identifier: Apache-2.0
// Writes the small captures that pcap_fuzz and pcapng_fuzz begin with. Built by hand, run once:
//   c++ -std=c++20 -Iinclude -Itests fuzz/make_capture_seeds.cpp -o /tmp/seeds && /tmp/seeds fuzz/corpus
#include <filesystem>
#include <fstream>
#include <string>

#include "build_capture.h"

using namespace pcapml;
using test::Builder;

namespace {

void save(const std::filesystem::path& path, const Builder& file) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.bytes().data()),
            static_cast<std::streamsize>(file.bytes().size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path root(argv[1]);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const std::string tail = order == ByteOrder::little ? "-le" : "-be";
    const Builder b(order);
    const auto pcap = [&](const std::string& name, const Builder& file) {
      save(root / "pcap" / (name + tail), file);
    };
    pcap("micro", test::small_pcap(order, test::kMicroMagic));
    pcap("nano", test::small_pcap(order, test::kNanoMagic));
    pcap("kuznetzov", test::small_pcap(order, test::kKuznetzovMagic));
    pcap("empty", b.inner().pcap_header(test::kMicroMagic));
    pcap("fcs",
         b.inner().pcap_header(test::kMicroMagic, 0x24000001, 0).pcap_packet(1, 3'000'000, "abc", 1500));
    pcap("version-2.2",
         b.inner().pcap_header(test::kMicroMagic, 1, 96, 2).u32(1).u32(2).u32(60).u32(3).text("abc"));
    pcap("version-2.3",
         b.inner().pcap_header(test::kMicroMagic, 1, 96, 3).u32(1).u32(2).u32(60).u32(3).text("abc"));
    pcap("latest", b.inner().pcap_header(test::kNanoMagic).pcap_packet(0xffffffff, 0xffffffff, "end"));
    pcap("cut", b.inner()
                    .pcap_header(test::kNanoMagic)
                    .pcap_packet(1, 2, "abc")
                    .u32(1)
                    .u32(2)
                    .u32(9)
                    .u32(9)
                    .text("a"));

    const auto pcapng = [&](const std::string& name, const Builder& file) {
      save(root / "pcapng" / (name + tail), file);
    };
    pcapng("all", test::small_pcapng(order));
    pcapng("empty", b.inner().section());
    pcapng("options", b.inner().section("c").interface().enhanced(0, 1'700'000'000'000'000, "abc",
                                                                  test::packet_options(order)));
    pcapng("split-times", b.inner().section().interface().enhanced(0, 1'600'000'000ULL << 32 | 123, "abc"));
    pcapng("simple", b.inner().section().interface(101, 3).simple(5, "abc").simple(0, ""));
    pcapng("obsolete", b.inner().section().interface().interface().obsolete(1, 7, 99, "abc"));
    pcapng("cut", b.inner().section().interface().enhanced(0, 1, "abc").u32(6).u32(64).u32(0));
    for (const unsigned resolution : {0U, 9U, 12U, 127U, 0x80U | 10, 0x80U | 32, 0xffU})
      pcapng("resolution-" + std::to_string(resolution),
             b.inner()
                 .section()
                 .interface(1, 0, b.inner().option(9, b.inner().u8(resolution)).option(19, b.inner().u32(5)))
                 .enhanced(0, 0x0123456789abcdef, "abc"));
    std::size_t number = 0;
    for (const auto& block : test::other_blocks(order))
      pcapng("block-" + std::to_string(number++),
             b.inner().section().interface().block(block.type, block.body));
    pcapng("turning", b.inner()
                          .section(order)
                          .interface()
                          .enhanced(0, 1, "a")
                          .section(test::other(order))
                          .interface()
                          .enhanced(0, 2, "b"));
  }
  return 0;
}
