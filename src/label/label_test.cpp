// SPDX-License-Identifier: Apache-2.0
#include "pcapml/label.h"

#include <gtest/gtest.h>

#include <random>

#include "label/text.h"

namespace pcapml {
namespace {

Label decoded(std::string_view comment) {
  const auto view = parse_label(comment);
  EXPECT_TRUE(view) << comment;
  return view ? decode_label(*view) : Label{};
}

std::string name_of(std::string_view comment) {
  std::string scratch;
  const auto view = parse_label(comment);
  EXPECT_TRUE(view) << comment;
  return view ? std::string(label_name(*view, scratch)) : "";
}

TEST(Label, IsWhatBeginsWithDigitsAndAComma) {
  for (const char* comment :
       {"42,chrome", "0,", "18446744073709551616,x", "007,bond", "s=5", "s=5,", "s=0,proc=curl"})
    EXPECT_TRUE(parse_label(comment)) << comment;
  for (const char* comment : {"", "42", ",x", "x,1", " 42,x", "4 2,x", "-1,x", "+1,x", "4x,y", "s=", "s=,x",
                              "s=x", "s=5x", "S=5,x", "\xD9\xA1,x"})
    EXPECT_FALSE(parse_label(comment)) << comment;
}

TEST(Label, PositionalFieldAfterTheIdIsTheNameEvenWhereItLooksLikeAKey) {
  EXPECT_EQ(name_of("42,web=server,d=e"), "web=server");
  EXPECT_EQ(decoded("42,web=server,d=e").fields,
            (std::vector<std::pair<std::string, std::string>>{{"d", "e"}}));
}

TEST(Label, KeepsIdsOfAnyLengthAsTheyStand) {
  EXPECT_EQ(parse_label("18205618432581910911,windows-10")->sample_id, "18205618432581910911");
  EXPECT_EQ(parse_label("99999999999999999999999999,x")->sample_id, "99999999999999999999999999");
  EXPECT_EQ(decoded("007,x").sample_id, "007");
}

TEST(Label, ReadsPublishedForms) {
  EXPECT_EQ(parse_label("12,easy_hard")->metadata, "easy_hard");
  EXPECT_EQ(name_of("12,chrome,probe_17"), "chrome");
  EXPECT_EQ(parse_label("12,chrome,probe_17")->metadata, "chrome,probe_17");
  EXPECT_TRUE(decoded("12,chrome,probe_17").fields.empty());
  const char* urls = "3,https://a.example/?q=1,2;https://b.example/x,y=z;tcp|quic;lyon";
  EXPECT_EQ(parse_label(urls)->metadata, "https://a.example/?q=1,2;https://b.example/x,y=z;tcp|quic;lyon");
  EXPECT_EQ(name_of(urls), "https://a.example/?q=1");
  EXPECT_EQ(*decoded(urls).field("y"), "z;tcp|quic;lyon");
}

TEST(Label, ReadsTheKeyedForm) {
  const char* comment = "s=0,proc=curl,dir=lan2wan,dst=example.com";
  const auto view = parse_label(comment);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->keyed);
  EXPECT_EQ(view->sample_id, "0");
  EXPECT_EQ(view->metadata, "proc=curl,dir=lan2wan,dst=example.com");
  EXPECT_EQ(name_of(comment), "curl");
  const Label label = decoded(comment);
  EXPECT_EQ(label.name, "curl");
  EXPECT_EQ(*label.field("dst"), "example.com");
  EXPECT_EQ(*label.field("proc"), "curl");
  EXPECT_EQ(label.field("s"), nullptr);
  EXPECT_EQ(label.direction(), 'e');
  EXPECT_EQ(decoded("s=0,proc=curl,dir=wan2lan").direction(), 'i');
}

TEST(Label, KeyedNameIsLabelOrElseProc) {
  EXPECT_EQ(name_of("s=1,dst=x,label=web"), "web");
  EXPECT_EQ(name_of("s=1,proc=curl,label=web"), "web");
  EXPECT_EQ(name_of("s=1,dst=x"), "");
  EXPECT_EQ(name_of("s=1"), "");
}

TEST(Label, DirectionIsThatOfTheFirstFieldThatSaysOne) {
  EXPECT_EQ(decoded("1,x,d=e").direction(), 'e');
  EXPECT_EQ(decoded("1,x,d=i").direction(), 'i');
  EXPECT_EQ(decoded("1,x").direction(), 0);
  EXPECT_EQ(decoded("1,x,d=").direction(), 0);
  EXPECT_EQ(decoded("1,x,d=east").direction(), 0);
  EXPECT_EQ(decoded("1,x,dir=up,d=i").direction(), 'i');
}

TEST(Label, OnlyLowerCaseNamesMakeFields) {
  const Label label = decoded("1,x,a=1,B=2,=3,9a=4,a.b-c_d9=5,a b=6,note=a=b,empty=");
  EXPECT_EQ(label.fields, (std::vector<std::pair<std::string, std::string>>{
                              {"a", "1"}, {"a.b-c_d9", "5"}, {"note", "a=b"}, {"empty", ""}}));
}

TEST(Label, DecodesOnlyWhatWritingEncodes) {
  EXPECT_EQ(decode_text("100%25"), "100%");
  EXPECT_EQ(decode_text("a%2Cb"), "a,b");
  EXPECT_EQ(decode_text("%00%0A%1F%7F"), std::string("\0\n\x1F\x7F", 4));
  for (const char* text : {"%41", "%20", "%2c", "%0a", "%FF", "%80", "%", "%2", "%%", "%zz", "50%"})
    EXPECT_EQ(decode_text(text), text);
  EXPECT_EQ(decode_text("%%25"), "%%");
  EXPECT_EQ(decode_text("%2525"), "%25");
}

TEST(Label, EncodesPercentCommaAndControlCharacters) {
  EXPECT_EQ(encode_text("a,b%c\n\x7F"), "a%2Cb%25c%0A%7F");
  EXPECT_EQ(encode_text(std::string_view("\0", 1)), "%00");
  EXPECT_EQ(encode_text("k=v; ünï ćode"), "k=v; ünï ćode");
}

TEST(Label, ReplacesWhatIsNoUtf8) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(encode_text("caf\xC3"), "caf" + r);  // cut inside a character
  EXPECT_EQ(encode_text("\xE2\x82"), r);         // one maximal piece, one replacement
  EXPECT_EQ(encode_text("\xF0\x9F\x98z"), r + "z");
  EXPECT_EQ(encode_text("\xC0\xAF"), r + r);          // overlong
  EXPECT_EQ(encode_text("\xED\xA0\x80"), r + r + r);  // surrogate
  EXPECT_EQ(encode_text("\xF4\x90\x80\x80"), r + r + r + r);
  EXPECT_EQ(encode_text("\xFF,"), r + "%2C");
  EXPECT_EQ(encode_text("😀"), "😀");
}

TEST(Label, WritesThePositionalForm) {
  EXPECT_EQ(encode_label({"42", "web,server", {{"d", "e"}, {"note", "a=b,c"}}}),
            "42,web%2Cserver,d=e,note=a=b%2Cc");
  EXPECT_EQ(encode_label(decoded("s=0,proc=curl,dir=lan2wan")), "0,curl,proc=curl,dir=lan2wan");
}

TEST(Label, WhatWasWrittenReadsBackTheSame) {
  std::mt19937 random(1);
  const std::string alphabet = "ab%,=\n\x7F é2C5;|";
  const auto text = [&] {
    std::string out;
    for (std::size_t n = random() % 12; n > 0; --n) out += alphabet[random() % alphabet.size()];
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    const Label label{std::to_string(random()), text(), {{"d", "e"}, {"x.y", text()}, {"dst", text()}}};
    const Label once = decoded(encode_label(label));
    const Label twice = decoded(encode_label(once));
    EXPECT_EQ(once.sample_id, label.sample_id);
    EXPECT_EQ(once.fields.size(), label.fields.size());
    EXPECT_EQ(twice.name, once.name);
    EXPECT_EQ(twice.fields, once.fields);
    const bool valid = valid_utf8_prefix(label.name) == label.name.size();
    EXPECT_EQ(once.name == label.name, valid);
  }
}

TEST(Label, NameNeedsTheScratchOnlyForEscapes) {
  std::string scratch;
  const std::string comment = "1,plain";
  EXPECT_EQ(label_name(*parse_label(comment), scratch).data(), comment.data() + 2);
  EXPECT_EQ(label_name(*parse_label("1,a%2Cb"), scratch), "a,b");
}

TEST(SampleId, ComparesAsANumberOfAnyLength) {
  EXPECT_EQ(compare_sample_ids("007", "7"), 0);
  EXPECT_EQ(compare_sample_ids("0", "000"), 0);
  EXPECT_LT(compare_sample_ids("9", "10"), 0);
  EXPECT_GT(compare_sample_ids("18446744073709551616", "18446744073709551615"), 0);
  EXPECT_LT(compare_sample_ids("099", "100"), 0);
  EXPECT_EQ(canonical_sample_id("000"), "0");
  EXPECT_EQ(canonical_sample_id("0420"), "420");
}

}  // namespace
}  // namespace pcapml
