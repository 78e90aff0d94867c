// SPDX-License-Identifier: Apache-2.0
// What readers do with files that were cut or changed: every good packet before the damage, then a clean end.
#include <gtest/gtest.h>

#include <algorithm>

#include "build_capture.h"
#include "format/transcode.h"
#include "read_capture.h"

namespace pcapml {
namespace {

using test::Builder;
using test::read_capture;

struct Named {
  std::string name;
  Builder file;
  std::size_t records_before_the_first_mark;
};

std::vector<Named> small_files() {
  std::vector<Named> files;
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const std::string name = order == ByteOrder::little ? "little" : "big";
    files.push_back({"micro " + name, test::small_pcap(order, test::kMicroMagic), 1});
    files.push_back({"nano " + name, test::small_pcap(order, test::kNanoMagic), 1});
    files.push_back({"kuznetzov " + name, test::small_pcap(order, test::kKuznetzovMagic), 1});
    files.push_back({"pcapng " + name, test::small_pcapng(order), 0});
  }
  return files;
}

TEST(Damage, EveryPrefixGivesItsWholeRecordsAndThenACleanErrorOrACleanEnd) {
  for (const Named& named : small_files()) {
    const auto whole = read_capture(named.file.bytes());
    ASSERT_FALSE(whole.error) << named.name << ": " << *whole.error;
    const auto& ends = named.file.ends();
    for (std::size_t size = 0; size <= named.file.bytes().size(); ++size) {
      const auto capture = read_capture(Bytes(named.file.bytes()).first(size));
      const auto records =
          static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), size) - ends.begin());
      // The header of a pcap file is two records: a section and its interface.
      const std::size_t expected = records == 0 ? 0 : records + named.records_before_the_first_mark;
      ASSERT_EQ(capture.kinds.size(), expected) << named.name << " cut to " << size;
      const bool at_an_end = records > 0 && ends[records - 1] == size;
      ASSERT_EQ(capture.error.has_value(), !at_an_end) << named.name << " cut to " << size;
      if (capture.error) {
        ASSERT_EQ(capture.error_offset, records == 0 ? 0 : ends[records - 1])
            << named.name << " cut to " << size;
      }
      for (std::size_t i = 0; i < capture.packets.size(); ++i) {
        ASSERT_EQ(capture.packets[i].data, whole.packets[i].data);
        ASSERT_EQ(capture.packets[i].timestamp_ns, whole.packets[i].timestamp_ns);
        ASSERT_EQ(capture.packets[i].options, whole.packets[i].options);
      }
    }
  }
}

TEST(Damage, EverySingleByteCorruptionIsReadOrRefusedAndTouchesNothingBefore) {
  for (const Named& named : small_files()) {
    const auto whole = read_capture(named.file.bytes());
    const auto& ends = named.file.ends();
    for (std::size_t at = 0; at < named.file.bytes().size(); ++at) {
      for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
        auto bytes = named.file.bytes();
        bytes[at] ^= static_cast<std::byte>(change);
        const auto capture = read_capture(bytes);
        const auto before =
            static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
        const std::size_t intact = before == 0 ? 0 : before + named.records_before_the_first_mark;
        ASSERT_GE(capture.kinds.size(), intact) << named.name << " at " << at;
        const auto first = whole.kinds.begin();
        const auto packets = static_cast<std::size_t>(
            std::count(first, first + static_cast<std::ptrdiff_t>(intact), Record::Kind::packet));
        for (std::size_t i = 0; i < packets; ++i) {
          ASSERT_EQ(capture.packets[i].data, whole.packets[i].data);
          ASSERT_EQ(capture.packets[i].timestamp_ns, whole.packets[i].timestamp_ns);
          ASSERT_EQ(capture.packets[i].original_length, whole.packets[i].original_length);
        }
      }
    }
  }
}

TEST(Damage, TheSameErrorComesAgain) {
  const Builder file = test::small_pcapng(ByteOrder::big);
  for (std::size_t size = 4; size < file.bytes().size(); ++size) {
    Reader reader(memory_source(Bytes(file.bytes()).first(size)));
    std::string first;
    try {
      while (reader.next() != nullptr) {
      }
      continue;
    } catch (const FormatError& error) {
      first = error.what();
    }
    try {
      reader.next();
      FAIL() << "no error at " << size;
    } catch (const FormatError& error) {
      ASSERT_EQ(error.what(), first);
    }
  }
}

/// Gives its bytes one at a time, then fails as a disk does.
class FailingSource final : public Source {
 public:
  explicit FailingSource(Bytes bytes) : bytes_(bytes) {}
  std::size_t read(std::span<std::byte> into) override {
    if (bytes_.empty()) throw_errno(name_, "read", EIO);
    into[0] = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return 1;
  }
  const std::string& name() const override { return name_; }
  std::uint64_t position() const override { return 0; }

 private:
  Bytes bytes_;
  std::string name_ = "a failing disk";
};

TEST(Damage, AFailingDiskTakesNoPacketThatWasRead) {
  for (const Named& named : small_files()) {
    const auto whole = read_capture(named.file.bytes());
    Reader reader(std::make_unique<FailingSource>(Bytes(named.file.bytes())));
    std::size_t packets = 0;
    try {
      while (reader.next_packet() != nullptr) ++packets;
      FAIL();
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::io_error);
    }
    EXPECT_EQ(packets, whole.packets.size()) << named.name;
  }
}

TEST(Damage, EveryCutOfEveryKnownBlockTranscodesWithoutHarm) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (const auto& block : test::other_blocks(order)) {
      Builder body = block.body;
      body.pad();
      for (std::size_t size = 0; size <= body.bytes().size(); ++size) {
        const Bytes cut = Bytes(body.bytes()).first(size);
        const Transcoded there = transcode_block({block.type, order, cut, 0}, test::other(order), 3);
        ASSERT_EQ(there.bytes.size(), size) << block.type;
      }
    }
  }
}

}  // namespace
}  // namespace pcapml
