// SPDX-License-Identifier: Apache-2.0
// Over the public pcapng test suite, where every file tells its blocks in a text beside it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "build_capture.h"
#include "corpus.h"
#include "format/block.h"
#include "format/pcapng_writer.h"
#include "format/transcode.h"
#include "io/output_stream.h"
#include "read_capture.h"

namespace pcapml {
namespace {

using test::Capture;
using test::other;
using test::Owned;
using test::read_capture;

std::string abbreviation(const Record& record) {
  using enum Record::Kind;
  switch (record.kind) {
    case section: return "SHB";
    case interface: return "IDB";
    case packet: return record.packet.has_timestamp ? "EPB" : "SPB";
    case block: break;
  }
  const std::map<std::uint32_t, std::string> names = {{kNameResolution, "NRB"},
                                                      {kInterfaceStatistics, "ISB"},
                                                      {kDecryptionSecrets, "DSB"},
                                                      {kCustom, "CB"},
                                                      {kCustomNoCopy, "DCB"}};
  const auto found = names.find(record.block.type);
  return found == names.end() ? fmt::format("{:#x}", record.block.type) : found->second;
}

TEST(PcapngSuite, EveryFileHasTheBlocksThatItsTextTells) {
  const auto files = test::corpus_files("pcapng-suite", ".pcapng");
  PCAPML_NEED_CORPUS(files);
  for (auto path : files) {
    Reader reader = open_reader(path.string());
    std::map<std::string, int> counts;
    std::string sequence;
    while (const Record* record = reader.next()) {
      ++counts[abbreviation(*record)];
      sequence += (sequence.empty() ? "" : ", ") + abbreviation(*record);
    }
    std::map<std::string, int> told;
    std::string told_sequence;
    std::ifstream text(path.replace_extension(".txt"));
    for (std::string line; std::getline(text, line);) {
      if (line.ends_with('\r')) line.pop_back();
      const std::size_t colon = line.find(": ");
      if (line.starts_with('\t')) told[line.substr(1, colon - 1)] = std::stoi(line.substr(colon + 1));
      if (line.starts_with("Block sequence: ")) told_sequence = line.substr(colon + 2);
    }
    ASSERT_FALSE(told.empty()) << path;
    EXPECT_EQ(counts, told) << path;
    EXPECT_EQ(sequence, told_sequence) << path;
  }
}

/// Copies a file section by section, each in the order that `choose` makes of its own.
template <class Choose>
Owned copied(Bytes file, Choose choose) {
  Owned result;
  OutputStream out(memory_sink(result));
  PcapngWriter writer(out);
  Reader reader(memory_source(file));
  while (const Record* record = reader.next()) {
    const ByteOrder to = choose(reader.sections().back().order);
    switch (record->kind) {
      case Record::Kind::section:
        writer.section(
            to, transcode_options(reader.sections().back().options_view(), OptionScope::section, to).bytes);
        break;
      case Record::Kind::interface:
        writer.interface(transcode_interface(reader.interfaces().back(), to).interface);
        break;
      case Record::Kind::packet: {
        const Transcoded options = transcode_options(record->packet.options, OptionScope::packet, to);
        writer.packet(record->packet.interface_id, record->packet, {options.bytes, {}, {}});
        break;
      }
      case Record::Kind::block:
        writer.block(record->block.type, transcode_block(record->block, to, 0).bytes);
        break;
    }
  }
  out.finish();
  return result;
}

void expect_same_meaning(const Capture& a, const Capture& b, const std::string& path) {
  ASSERT_FALSE(b.error) << path << *b.error;
  EXPECT_EQ(a.kinds, b.kinds) << path;
  ASSERT_EQ(a.packets.size(), b.packets.size());
  for (std::size_t i = 0; i < a.packets.size(); ++i) {
    const auto &x = a.packets[i], &y = b.packets[i];
    EXPECT_EQ(x.timestamp_ns, y.timestamp_ns) << path;
    EXPECT_EQ(x.ticks, y.ticks) << path;
    EXPECT_EQ(x.interface, y.interface) << path;
    EXPECT_EQ(x.original_length, y.original_length) << path;
    EXPECT_EQ(x.data, y.data) << path;
  }
  ASSERT_EQ(a.interfaces.size(), b.interfaces.size());
  for (std::size_t i = 0; i < a.interfaces.size(); ++i) {
    EXPECT_EQ(a.interfaces[i].link_type, b.interfaces[i].link_type) << path;
    EXPECT_EQ(a.interfaces[i].snap_length, b.interfaces[i].snap_length) << path;
    EXPECT_EQ(a.interfaces[i].resolution, b.interfaces[i].resolution) << path;
    EXPECT_EQ(a.interfaces[i].offset_seconds, b.interfaces[i].offset_seconds) << path;
    EXPECT_EQ(a.interfaces[i].fcs_bits, b.interfaces[i].fcs_bits) << path;
  }
}

void expect_same_bytes_within(const Capture& a, const Capture& b, const std::string& path) {
  for (std::size_t i = 0; i < a.packets.size(); ++i)
    EXPECT_EQ(a.packets[i].options, b.packets[i].options) << path;
  for (std::size_t i = 0; i < a.interfaces.size(); ++i)
    EXPECT_EQ(a.interfaces[i].options, b.interfaces[i].options) << path;
  ASSERT_EQ(a.sections.size(), b.sections.size());
  for (std::size_t i = 0; i < a.sections.size(); ++i) {
    EXPECT_EQ(a.sections[i].order, b.sections[i].order) << path;
    EXPECT_EQ(a.sections[i].options, b.sections[i].options) << path;
  }
  ASSERT_EQ(a.blocks.size(), b.blocks.size());
  for (std::size_t i = 0; i < a.blocks.size(); ++i) {
    EXPECT_EQ(a.blocks[i].type, b.blocks[i].type) << path;
    EXPECT_EQ(a.blocks[i].body, b.blocks[i].body) << path;
  }
}

void expect_round_trips(const Owned& file, const std::string& path) {
  const Capture before = read_capture(file);
  const Owned same = copied(file, [](ByteOrder order) { return order; });
  expect_same_meaning(before, read_capture(same), path);
  // What is written already is written the same again, by way of the other order as well.
  EXPECT_EQ(copied(same, [](ByteOrder order) { return order; }), same) << path;
  const Owned turned = copied(same, other);
  expect_same_meaning(before, read_capture(turned), path);
  EXPECT_EQ(copied(turned, other), same) << path;
  for (const ByteOrder one : {ByteOrder::little, ByteOrder::big})
    expect_same_meaning(before, read_capture(copied(file, [one](ByteOrder) { return one; })), path);
}

TEST(PcapngSuite, EveryFileIsTheSameAfterWritingInEitherOrder) {
  const auto files = test::corpus_files("pcapng-suite", ".pcapng");
  PCAPML_NEED_CORPUS(files);
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    const Owned file = test::own(std::as_bytes(std::span(bytes)));
    expect_round_trips(file, path.string());
    const Owned same = copied(file, [](ByteOrder order) { return order; });
    expect_same_bytes_within(read_capture(file), read_capture(same), path.string());
  }
}

TEST(PcapngWriter, EveryKindOfBlockIsTheSameAfterWritingInEitherOrder) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const Owned file = test::small_pcapng(order).bytes();
    expect_round_trips(file, "small");
  }
}

}  // namespace
}  // namespace pcapml
