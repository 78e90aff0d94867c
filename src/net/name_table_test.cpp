// SPDX-License-Identifier: Apache-2.0
#include "net/name_table.h"

#include <gtest/gtest.h>

#include <set>

namespace pcapml {
namespace {

std::string numbered(unsigned i) { return "host" + std::to_string(i) + ".example"; }

/// A table, and what refers to its names.
struct Names {
  explicit Names(std::size_t limit) : table(limit) {}

  std::uint32_t add(const std::string& name) {
    return table.intern(name, [this](NameMarks& marks) {
      ++visits;
      for (const std::uint32_t number : references) marks.add(number);
    });
  }
  std::uint32_t refer(const std::string& name) {
    const std::uint32_t number = add(name);
    references.insert(number);
    return number;
  }

  NameTable table;
  std::set<std::uint32_t> references;
  unsigned visits = 0;
};

TEST(NameTable, NumbersNamesFromOneOn) {
  Names names(3);
  EXPECT_EQ(names.add("a.example"), 1U);
  EXPECT_EQ(names.add("b.example"), 2U);
  EXPECT_EQ(names.add("a.example"), 1U);
  EXPECT_EQ(names.table[1], "a.example");
  EXPECT_EQ(names.table[2], "b.example");
  EXPECT_EQ(names.table.size(), 2U);
  EXPECT_EQ(names.visits, 0U);
}

TEST(NameTable, NumbersOfForgottenNamesAreReused) {
  Names names(3);
  for (unsigned i = 0; i < 3; ++i) names.add(numbered(i));
  std::set<std::uint32_t> reused;
  for (unsigned i = 3; i < 6; ++i) {
    const std::uint32_t number = names.add(numbered(i));
    EXPECT_EQ(names.table[number], numbered(i));
    reused.insert(number);
  }
  EXPECT_EQ(reused, (std::set<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(names.table.size(), 3U);
  EXPECT_EQ(names.table.forgotten(), 3U);
  EXPECT_EQ(names.table.refused(), 0U);
  EXPECT_EQ(names.visits, 1U) << "one look is enough for all that it found";
}

TEST(NameTable, WhatIsReferredToStays) {
  Names names(4);
  names.references.insert(0);
  const std::uint32_t first = names.refer("first.example");
  names.add("between.example");
  const std::uint32_t second = names.refer("second.example");
  for (unsigned i = 0; i < 1000; ++i) ASSERT_NE(names.add(numbered(i)), 0U);
  EXPECT_EQ(names.table[first], "first.example");
  EXPECT_EQ(names.table[second], "second.example");
  EXPECT_EQ(names.add("first.example"), first);
  EXPECT_EQ(names.add("second.example"), second);
  EXPECT_EQ(names.table.size(), 4U);
  EXPECT_EQ(names.table.forgotten(), 999U);
}

TEST(NameTable, WhatIsReferredToAgainStays) {
  Names names(4);
  for (unsigned i = 0; i < 4; ++i) names.add(numbered(i));
  EXPECT_EQ(names.add("new.example"), 1U);
  EXPECT_EQ(names.refer(numbered(2)), 3U) << "nothing referred to it when references were looked at";
  for (unsigned i = 10; i < 30; ++i) ASSERT_NE(names.add(numbered(i)), 3U);
  EXPECT_EQ(names.table[3], numbered(2));
}

TEST(NameTable, WhatIsNewIsKeptUntilReferencesAreLookedAt) {
  Names names(4);
  for (unsigned i = 0; i < 4; ++i) names.add(numbered(i));
  for (unsigned i = 4; i < 8; ++i) names.refer(numbered(i));
  for (unsigned i = 4; i < 8; ++i) EXPECT_EQ(names.table[names.add(numbered(i))], numbered(i));
  EXPECT_EQ(names.add("more.example"), 0U);
}

TEST(NameTable, WhereNothingCanGoNewNamesAreRefusedAndFewLooksTaken) {
  Names names(64);
  for (unsigned i = 0; i < 64; ++i) names.refer(numbered(i));
  EXPECT_EQ(names.add("more.example"), 0U);
  EXPECT_EQ(names.visits, 1U);
  for (unsigned i = 0; i < 40; ++i) EXPECT_EQ(names.add("more.example"), 0U);
  EXPECT_EQ(names.visits, 11U) << "each fourth time: a sixteenth of the limit";
  EXPECT_EQ(names.table.refused(), 41U);
  EXPECT_EQ(names.table.forgotten(), 0U);
  EXPECT_EQ(names.add(numbered(5)), 6U) << "what is known is not refused";

  names.references.erase(6);
  unsigned tries = 1;
  while (names.add("more.example") == 0) ++tries;
  EXPECT_EQ(tries, 4U);
  EXPECT_EQ(names.table[6], "more.example");
}

TEST(NameTable, LooksStayFewWhereLittleCanGo) {
  Names names(1600);
  for (unsigned i = 0; i < 1600; ++i) names.refer(numbered(i));
  for (unsigned i = 0; i < 16'000; ++i) {
    names.references.erase(i % 1600 + 1);
    names.refer("other" + numbered(i));
  }
  EXPECT_LE(names.visits, 161U);
  EXPECT_EQ(names.table.size(), 1600U);
}

TEST(NameTable, WithoutRoomTakesNothingIn) {
  Names names(0);
  EXPECT_EQ(names.add("a.example"), 0U);
  EXPECT_EQ(names.add("b.example"), 0U);
  EXPECT_EQ(names.table.refused(), 2U);
}

}  // namespace
}  // namespace pcapml
