// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_report.h"

#include <gtest/gtest.h>

#include "pcapml/doctor.h"

namespace pcapml::cli {
namespace {

TEST(DoctorReport, EndsWithTheRemediesOfWhatIsMissing) {
  const Diagnosis diagnosis{{{CheckState::ok, "cgroup2", "at /sys/fs/cgroup", ""},
                             {CheckState::note, "readers", "not seen", ""},
                             {CheckState::missing, "kernel", "Linux 4.19 is too old", "5.10 is needed"},
                             {CheckState::missing, "BTF", "no BTF", "another kernel"},
                             {CheckState::missing, "programs", "the kernel said no", ""}}};
  EXPECT_EQ(text_of(diagnosis),
            "ok       cgroup2     at /sys/fs/cgroup\n"
            "note     readers     not seen\n"
            "missing  kernel      Linux 4.19 is too old\n"
            "missing  BTF         no BTF\n"
            "missing  programs    the kernel said no\n"
            "capture will not work here: kernel, BTF, programs\n"
            "  kernel: 5.10 is needed\n"
            "  BTF: another kernel\n");
  EXPECT_EQ(text_of({{{CheckState::note, "readers", "not seen", ""}}}),
            "note     readers     not seen\ncapture will work here\n");
}

TEST(DoctorReport, ShowsNoControlCharacters) {
  EXPECT_EQ(text_of({{{CheckState::ok, "cgroup2", "at /a\033[2J", ""}}}),
            "ok       cgroup2     at /a\\x1b[2J\ncapture will work here\n");
}

TEST(DoctorReport, JsonHasEveryCheck) {
  EXPECT_EQ(to_json({{{CheckState::missing, "BTF", "none", "another kernel"}}}),
            "{\"works\":false,\"checks\":[{\"name\":\"BTF\",\"state\":\"missing\",\"text\":\"none\","
            "\"remedy\":\"another kernel\"}]}\n");
}

}  // namespace
}  // namespace pcapml::cli
