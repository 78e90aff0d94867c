// SPDX-License-Identifier: Apache-2.0
#include "dataset/confusion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "dataset/flow_numbers.h"
#include "dataset/flow_votes.h"

namespace pcapml {
namespace {

const std::vector<std::string> kNames{"", "web", "dns", "chat", "b\"x"};
constexpr std::uint32_t kNo = 0, kWeb = 1, kDns = 2, kChat = 3, kOdd = 4;

Scores scores_of(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& pairs,
                 const std::vector<std::string>& names = kNames) {
  ConfusionCounter counter;
  for (const auto& [truth, predicted] : pairs) counter.add(truth, predicted);
  return counter.scores(names);
}

std::string csv(const Scores& scores) {
  std::vector<std::byte> bytes;
  OutputStream out(memory_sink(bytes));
  write_confusion_csv(scores, out);
  out.finish();
  return std::string(as_text(bytes));
}

// By hand: web 4 (1 right, 2 dns, 1 missing), dns 2 (both right), chat 2 (1 right, 1 odd, which the truth
// lacks).
TEST(Confusion, AgreesWithAMatrixWorkedOutByHand) {
  const Scores s = scores_of({{kWeb, kWeb},
                              {kWeb, kDns},
                              {kWeb, kDns},
                              {kWeb, kNo},
                              {kDns, kDns},
                              {kDns, kDns},
                              {kChat, kChat},
                              {kChat, kOdd},
                              {kNo, kWeb},
                              {kNo, kNo}});
  EXPECT_EQ(s.labels, (std::vector<std::string>{"b\"x", "chat", "dns", "web", "<unlabeled>"}));
  EXPECT_TRUE(s.has_unlabeled);
  ASSERT_EQ(s.scores.size(), 4u);
  EXPECT_EQ(csv(s),
            "ground_truth,\"b\"\"x\",chat,dns,web,<unlabeled>\n"
            "chat,1,1,0,0,0\ndns,0,0,2,0,0\nweb,0,0,2,1,1\n<unlabeled>,0,0,0,1,1\n");

  EXPECT_EQ(s.total, 8u) << "what the truth does not label is not scored";
  EXPECT_EQ(s.correct, 4u);
  EXPECT_DOUBLE_EQ(*s.accuracy, 0.5);
  const LabelScore &odd = s.scores[0], &chat = s.scores[1], &dns = s.scores[2], &web = s.scores[3];
  EXPECT_FALSE(odd.recall) << "0 of 0 is not 0";
  EXPECT_DOUBLE_EQ(*odd.precision, 0);
  EXPECT_DOUBLE_EQ(*chat.precision, 1);
  EXPECT_DOUBLE_EQ(*chat.recall, 0.5);
  EXPECT_DOUBLE_EQ(*chat.f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*dns.precision, 0.5);
  EXPECT_DOUBLE_EQ(*dns.recall, 1);
  EXPECT_DOUBLE_EQ(*web.precision, 1);
  EXPECT_DOUBLE_EQ(*web.recall, 0.25);
  EXPECT_DOUBLE_EQ(*web.f1, 0.4);
  EXPECT_EQ(s.truth_labels, 3u);
  EXPECT_EQ(s.undefined_precisions, 0u);
  EXPECT_DOUBLE_EQ(*s.micro.precision, 4.0 / 6);
  EXPECT_DOUBLE_EQ(*s.micro.recall, 0.5);
  EXPECT_DOUBLE_EQ(*s.macro.precision, 2.5 / 3);
  EXPECT_DOUBLE_EQ(*s.macro.recall, 1.75 / 3);
  EXPECT_DOUBLE_EQ(*s.weighted.precision, (2 * 1 + 2 * 0.5 + 4 * 1) / 8.0);
  EXPECT_DOUBLE_EQ(*s.weighted.recall, 0.5);
  // Chance: (chat 2 * 1 + dns 2 * 4 + web 4 * 1) / 64.
  EXPECT_DOUBLE_EQ(*s.kappa, (0.5 - 14.0 / 64) / (1 - 14.0 / 64));
}

TEST(Confusion, UndefinedRatiosAreNotZeroAndAveragesLeaveThemOut) {
  const Scores s = scores_of({{kWeb, kNo}, {kDns, kDns}});
  EXPECT_FALSE(s.scores[1].precision);
  EXPECT_DOUBLE_EQ(*s.scores[1].recall, 0);
  EXPECT_DOUBLE_EQ(*s.scores[1].f1, 0) << "not found at all: nothing undefined about it";
  EXPECT_EQ(s.undefined_precisions, 1u);
  EXPECT_DOUBLE_EQ(*s.macro.precision, 1);
  EXPECT_DOUBLE_EQ(*s.weighted.precision, 1);
  EXPECT_DOUBLE_EQ(*s.macro.f1, 0.5);

  const Scores missed = scores_of({{kWeb, kNo}});
  EXPECT_FALSE(missed.micro.precision || missed.macro.precision || missed.weighted.precision);
  EXPECT_DOUBLE_EQ(*missed.kappa, 0);
  const Scores only = scores_of({{kWeb, kWeb}});
  EXPECT_FALSE(only.kappa) << "chance alone would agree as well";
  EXPECT_DOUBLE_EQ(*only.accuracy, 1);
  for (const Scores& nothing : {scores_of({}), scores_of({{kNo, kWeb}})}) {
    EXPECT_FALSE(nothing.accuracy || nothing.kappa || nothing.micro.f1 || nothing.macro.recall);
    EXPECT_EQ(nothing.truth_labels, 0u);
  }
  EXPECT_EQ(csv(scores_of({})), "ground_truth\n");
}

TEST(Confusion, ALabelThatIsCalledUnlabeledIsNotTheMissingOne) {
  const Scores s = scores_of({{1, 0}, {1, 1}}, {"", "<unlabeled>"});
  EXPECT_EQ(s.labels, (std::vector<std::string>{"%3Cunlabeled%3E", "<unlabeled>"}));
  EXPECT_DOUBLE_EQ(*s.accuracy, 0.5);
}

TEST(Confusion, AgreesWithFormulasOverTheWholeMatrix) {
  std::mt19937 random(42);
  for (int round = 0; round < 200; ++round) {
    const auto labels = 1 + static_cast<std::uint32_t>(random() % 5);
    std::vector<std::string> names(labels + 1);
    for (std::uint32_t i = 1; i <= labels; ++i) names[i] = std::string(1, static_cast<char>('a' + i));
    std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs(1 + random() % 60);
    std::vector<std::vector<double>> n(labels + 1, std::vector<double>(labels + 1));
    double total = 0;
    for (auto& [truth, predicted] : pairs) {
      truth = 1 + static_cast<std::uint32_t>(random() % labels);
      predicted = static_cast<std::uint32_t>(random() % (labels + 1));
      ++n[truth][predicted];
      ++total;
    }
    const Scores s = scores_of(pairs, names);
    double agree = 0, chance = 0, macro_recall = 0, present = 0;
    for (std::uint32_t k = 1; k <= labels; ++k) {
      double row = 0, column = 0;
      for (std::uint32_t j = 0; j <= labels; ++j) row += n[k][j], column += n[j][k];
      agree += n[k][k] / total;
      chance += row / total * (column / total);
      if (row > 0) macro_recall += n[k][k] / row, ++present;
    }
    EXPECT_NEAR(*s.accuracy, agree, 1e-12);
    EXPECT_NEAR(*s.micro.recall, agree, 1e-12);
    EXPECT_NEAR(*s.weighted.recall, agree, 1e-12) << "recall weighted by support is accuracy";
    EXPECT_NEAR(*s.macro.recall, macro_recall / present, 1e-12);
    ASSERT_EQ(s.kappa.has_value(), std::abs(1 - chance) > 1e-12);
    EXPECT_NEAR(s.kappa.value_or(0), s.kappa ? (agree - chance) / (1 - chance) : 0, 1e-9);
  }
}

TEST(Confusion, FiftyThousandLabelsTakeNoSquare) {
  std::vector<std::string> names(50'001);
  ConfusionCounter counter;
  for (std::uint32_t i = 1; i < names.size(); ++i) {
    names[i] = "label" + std::to_string(i);
    counter.add(i, i);
    counter.add(i, i / 2);
  }
  const Scores s = counter.scores(names);
  EXPECT_EQ(s.cells.size(), 100'000u);
  EXPECT_DOUBLE_EQ(*s.accuracy, 0.5);
}

TEST(FlowVotes, MostPacketsWinAndTiesGoToTheFirst) {
  constexpr std::uint32_t kNone = kNoFlow;
  const std::vector<std::uint32_t> flows{0, 1, 0, 0, 1, kNone, 2, 0, 3, 3};
  const std::vector<std::uint32_t> truth{kWeb, kDns, kDns, kWeb, kWeb, kChat, kNo, kNo, kChat, kNo};
  const std::vector<std::uint32_t> test{kNo, kWeb, kNo, kWeb, kDns, kWeb, kDns, kDns, kNo, kWeb};
  ConfusionCounter counter;
  EXPECT_EQ(count_flows(flows, truth, test, 4, 5, counter), 1u) << "flow 2 has no label";
  const Scores s = counter.scores(kNames);
  EXPECT_EQ(csv(s), "ground_truth,chat,dns,web,<unlabeled>\nchat,0,0,0,1\ndns,0,0,1,0\nweb,0,0,0,1\n");
}

TEST(FlowNumbers, AgreesWithAMapOfBothDirections) {
  std::mt19937 random(5);
  FlowNumbers numbers;
  std::map<FlowKey, std::uint32_t> oracle;
  for (int i = 0; i < 200'000; ++i) {
    FlowKey key;
    for (IpAddress* address : {&key.source, &key.destination}) {
      address->version = 4;
      address->bytes[3] = static_cast<std::uint8_t>(random() % 16);
    }
    key.source_port = static_cast<std::uint16_t>(random() % 32);
    key.destination_port = static_cast<std::uint16_t>(random() % 32);
    key.protocol = random() % 2 == 0 ? 6 : 17;
    const auto expected =
        oracle.emplace(key.canonical(), static_cast<std::uint32_t>(oracle.size())).first->second;
    ASSERT_EQ(numbers.number_of(key), expected);
    ASSERT_EQ(numbers.number_of(key.reversed()), expected);
  }
  EXPECT_EQ(numbers.size(), oracle.size());
}

}  // namespace
}  // namespace pcapml
