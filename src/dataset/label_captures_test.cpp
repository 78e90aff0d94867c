// SPDX-License-Identifier: Apache-2.0
#include "pcapml/label_captures.h"

#include <gmock/gmock.h>

#include <functional>

#include "dataset/summary_fixture.h"
#include "label/packet_label.h"
#include "pcapml/error.h"
#include "pcapml/reader.h"

namespace pcapml::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Notes what it is told, and does something else at the nth call.
class Watch final : public Progress {
 public:
  void update(std::uint64_t done, std::optional<std::uint64_t> total, std::uint64_t) override {
    shares.push_back(total ? done * 100 / *total : 0);
    if (shares.size() == act_at) act();
  }
  std::vector<std::uint64_t> shares;
  std::size_t act_at = 0;
  std::function<void()> act;
};

class LabelCaptures : public testing::Test {
 protected:
  LabelCaptures() {
    std::string name = (std::filesystem::temp_directory_path() / "pcapml-label-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    request_ = {};
    request_.input = (directory_ / "in.pcapng").string();
    request_.rules = (directory_ / "rules").string();
    request_.output = (directory_ / "out.pcapng").string();
    request_.resolve = true;
    request_.input_options.progress = &watch_;
    std::ofstream(request_.rules) << "BPF:udp,x\n";
    Builder capture = begin();
    for (unsigned i = 0; i < 5000; ++i) add(capture, i, udp());
    write(capture);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const Builder& capture, std::ios::openmode mode = std::ios::trunc) {
    std::ofstream file(request_.input, std::ios::binary | mode);
    file.write(reinterpret_cast<const char*>(capture.bytes().data()),
               static_cast<std::streamsize>(capture.bytes().size()));
  }

  Watch watch_;
  std::filesystem::path directory_;
  LabelRequest request_;
};

TEST_F(LabelCaptures, ProgressIsOneOverBothReadings) {
  EXPECT_EQ(label_captures(request_).matched, 5000U);
  EXPECT_THAT(watch_.shares, ElementsAre(testing::AllOf(testing::Gt(0U), testing::Le(50U)),
                                         testing::AllOf(testing::Gt(50U), testing::Le(100U))));
}

TEST_F(LabelCaptures, RefusesAFileThatChangesBetweenTheReadings) {
  watch_.act_at = 2;
  watch_.act = [&] {
    Builder more;
    add(more, 5000, udp());
    write(more, std::ios::app);
  };
  try {
    label_captures(request_);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("changed between the two readings"));
  }
  EXPECT_FALSE(std::filesystem::exists(request_.output));
}

/// The label comments of the output.
std::vector<std::string> comments(const std::string& path) {
  std::vector<std::string> found;
  Reader reader = open_reader(path);
  while (const PacketView* packet = reader.next_packet())
    found.emplace_back(find_label(packet->options).comment);
  return found;
}

TEST_F(LabelCaptures, OldNamesStayWhereThatIsAskedFor) {
  Builder capture = begin();
  add(capture, 1, udp(), "7,old%2C name,d=e");
  add(capture, 2, udp(), "s=8,proc=chrome");
  add(capture, 3, udp());
  add(capture, 4, udp(), "9," + std::string(65'530, 'x'));
  add(capture, 5, udp(), "9,twice,was=once");
  write(capture);
  std::ofstream(request_.rules) << "BPF:udp,new,,visit=1\n";
  request_.resolve = false;
  request_.keep_old = true;
  const LabelResult result = label_captures(request_);
  EXPECT_EQ(result.replaced_labels, 4U);
  EXPECT_THAT(comments(request_.output),
              ElementsAre("0,new,visit=1,was=old%2C name", "0,new,visit=1,was=chrome", "0,new,visit=1",
                          "0,new,visit=1", "0,new,visit=1,was=twice"));
  EXPECT_THAT(result.report.warnings,
              ElementsAre("1 labels have no room for was=: a comment holds 65535 bytes"));
  std::ofstream(request_.rules) << "LABEL:*,new,,was=said by the rule\n";
  EXPECT_EQ(label_captures(request_).matched, 4U);
  EXPECT_THAT(comments(request_.output), testing::Each("0,new,was=said by the rule"));
}

TEST_F(LabelCaptures, KeepsTheNameOfTheRemoteEndAndTheOldLabelOfAFlow) {
  Builder capture = begin();
  add(capture, 1, udp(), "7,old");
  add(capture, 2, udp({1, 2, 1000, 54}), "7,old");
  write(capture);
  request_.keep_old = true;
  request_.sample = SampleUnit::flow;
  label_captures(request_);
  EXPECT_THAT(comments(request_.output), ElementsAre("0,x,was=old", "1,x,was=old"));
}

}  // namespace
}  // namespace pcapml::test
