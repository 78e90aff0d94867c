// SPDX-License-Identifier: Apache-2.0
#include "capture/doctor.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace pcapml {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Capabilities kAll = (Capabilities{1} << 41) - 1;
constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;

constexpr Capabilities bit(int number) { return Capabilities{1} << number; }
constexpr Capabilities kBpf = bit(39), kPerfmon = bit(38), kNetAdmin = bit(12), kPtrace = bit(19),
                       kReadSearch = bit(2), kSysAdmin = bit(21), kSysResource = bit(24);

MachineFacts debian_13_as_root() {
  MachineFacts facts;
  facts.kernel = parse_release("6.12.117+deb13-amd64");
  facts.cgroups = {"/sys/fs/cgroup", false};
  facts.capabilities = kAll;
  facts.executable = "/usr/bin/pcapml";
  facts.lockdown = "none";
  facts.available_memory_bytes = 2000 * kMegabyte;
  facts.buffer_bytes = 64 * kMegabyte;
  facts.trial = KernelTrial{"", "", "", true};
  return facts;
}

Check check_of(const MachineFacts& facts, const std::string& name) {
  for (const Check& check : diagnose(facts).checks)
    if (check.name == name) return check;
  ADD_FAILURE() << "no check " << name;
  return {};
}

std::vector<std::string> missing_of(const MachineFacts& facts) {
  std::vector<std::string> names;
  for (const Check& check : diagnose(facts).checks)
    if (check.state == CheckState::missing) names.push_back(check.name);
  return names;
}

TEST(Doctor, FindsNothingMissingWhereCaptureWorks) {
  const Diagnosis diagnosis = diagnose(debian_13_as_root());
  EXPECT_TRUE(diagnosis.works());
  for (const Check& check : diagnosis.checks)
    EXPECT_TRUE(check.state == CheckState::ok || check.name == "invisible") << check.name << check.text;
}

TEST(Doctor, NamesAllThatAnOldMachineLacks) {
  MachineFacts facts = debian_13_as_root();
  facts.kernel = parse_release("4.19.0-27-amd64");
  facts.has_btf = false;
  facts.cgroups = {"", true};
  facts.trial.reset();
  EXPECT_THAT(missing_of(facts), ElementsAre("kernel", "BTF", "cgroup2"));
  EXPECT_FALSE(diagnose(facts).works());
  EXPECT_EQ(check_of(facts, "kernel").text, "Linux 4.19.0-27-amd64 is too old");
  EXPECT_THAT(check_of(facts, "BTF").remedy, HasSubstr("CONFIG_DEBUG_INFO_BTF=y"));
  EXPECT_THAT(check_of(facts, "cgroup2").remedy, HasSubstr("mount -t cgroup2"));
  EXPECT_THAT(check_of(facts, "programs").text, HasSubstr("not tried"));
}

TEST(Doctor, TellsHybridFromUnified) {
  MachineFacts facts = debian_13_as_root();
  EXPECT_EQ(check_of(facts, "cgroup2").text, "at /sys/fs/cgroup (unified)");
  facts.cgroups = {"/sys/fs/cgroup/unified", true};
  EXPECT_EQ(check_of(facts, "cgroup2").text, "at /sys/fs/cgroup/unified (hybrid: version 1 is mounted, too)");
}

TEST(Doctor, NamesEachCapabilityThatIsMissing) {
  MachineFacts facts = debian_13_as_root();
  facts.trial.reset();
  facts.capabilities = kBpf | kPtrace;
  EXPECT_THAT(missing_of(facts), ElementsAre("privileges"));
  const Check check = check_of(facts, "privileges");
  EXPECT_EQ(check.text, "without CAP_PERFMON, CAP_NET_ADMIN, CAP_DAC_READ_SEARCH");
  EXPECT_THAT(check.remedy, HasSubstr("sudo setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,"
                                      "cap_dac_read_search+ep /usr/bin/pcapml"));
}

TEST(Doctor, CapabilitiesOfAFileAreAsGoodAsRoot) {
  MachineFacts facts = debian_13_as_root();
  facts.capabilities = kBpf | kPerfmon | kNetAdmin | kPtrace | kReadSearch;
  EXPECT_EQ(check_of(facts, "privileges").state, CheckState::ok);
  facts.capabilities = kSysAdmin | kPtrace | kReadSearch;
  EXPECT_EQ(check_of(facts, "privileges").state, CheckState::ok);
}

TEST(Doctor, SocketsThatCannotBeLookedUpAreNoHindrance) {
  MachineFacts facts = debian_13_as_root();
  facts.capabilities = kBpf | kPerfmon | kNetAdmin | kReadSearch;
  const Check check = check_of(facts, "privileges");
  EXPECT_EQ(check.state, CheckState::note);
  EXPECT_THAT(check.text, HasSubstr("without CAP_SYS_PTRACE:"));
  EXPECT_TRUE(diagnose(facts).works());
}

TEST(Doctor, CaptureGoesIntoASandbox) {
  MachineFacts facts = debian_13_as_root();
  EXPECT_EQ(check_of(facts, "sandbox").state, CheckState::ok);
  facts.has_seccomp = false;
  EXPECT_THAT(missing_of(facts), ElementsAre("sandbox"));
}

TEST(Doctor, OnlyConfidentialityForbidsCapture) {
  MachineFacts facts = debian_13_as_root();
  facts.lockdown = "integrity";
  EXPECT_EQ(check_of(facts, "lockdown").state, CheckState::ok);
  facts.lockdown = "";
  EXPECT_EQ(check_of(facts, "lockdown").text, "none");
  facts.lockdown.reset();
  EXPECT_EQ(check_of(facts, "lockdown").state, CheckState::ok);
  facts.trial.reset();
  EXPECT_EQ(check_of(facts, "lockdown").state, CheckState::note);
  facts.lockdown = "confidentiality";
  EXPECT_THAT(missing_of(facts), ElementsAre("lockdown"));
}

TEST(Doctor, LockedMemoryMattersBefore511) {
  MachineFacts facts = debian_13_as_root();
  facts.capabilities = kAll & ~kSysResource;
  facts.locked_memory_bytes = 8 * kMegabyte;
  EXPECT_EQ(check_of(facts, "memlock").state, CheckState::ok);
  facts.kernel = parse_release("5.10.223");
  EXPECT_EQ(check_of(facts, "memlock").state, CheckState::ok) << "the programs were loaded";
  facts.trial.reset();
  EXPECT_EQ(check_of(facts, "memlock").text,
            "8192 KB may be locked, less than the buffer of 64 MB (before Linux 5.11)");
  EXPECT_THAT(missing_of(facts), ElementsAre("memlock"));
  facts.capabilities = kAll;
  EXPECT_THAT(missing_of(facts), IsEmpty());
}

TEST(Doctor, TheBufferHasToFitIntoMemory) {
  MachineFacts facts = debian_13_as_root();
  facts.available_memory_bytes = 100 * kMegabyte;
  EXPECT_EQ(check_of(facts, "memory").state, CheckState::note);
  facts.available_memory_bytes = 64 * kMegabyte;
  EXPECT_EQ(check_of(facts, "memory").state, CheckState::missing);
  EXPECT_EQ(check_of(facts, "memory").text, "64 MB available, for a buffer of 64 MB");
}

TEST(Doctor, TellsWhatAContainerHides) {
  MachineFacts facts = debian_13_as_root();
  facts.own_pids = facts.own_cgroups = true;
  const Check check = check_of(facts, "container");
  EXPECT_EQ(check.state, CheckState::note);
  EXPECT_THAT(check.text, HasSubstr("process ids, cgroups of its own"));
  EXPECT_TRUE(diagnose(facts).works());
  facts.own_users = true;
  EXPECT_THAT(missing_of(facts), ElementsAre("privileges"));
}

TEST(Doctor, TellsWhatTheKernelSaidOnOneLine) {
  MachineFacts facts = debian_13_as_root();
  facts.trial->load_trouble = "cannot load the programs: Operation not permitted\nthe kernel forbids it\n";
  EXPECT_THAT(missing_of(facts), ElementsAre("programs"));
  EXPECT_THAT(check_of(facts, "programs").text, Not(HasSubstr("\n")));
  facts.trial = KernelTrial{"", "", "cannot attach on_egress", true};
  EXPECT_THAT(missing_of(facts), ElementsAre("hooks"));
  facts.trial = KernelTrial{"", "no cgroup can be made", "", true};
  EXPECT_EQ(check_of(facts, "hooks").state, CheckState::note);
  EXPECT_TRUE(diagnose(facts).works());
}

TEST(Doctor, TellsWhatAKernelCannotShow) {
  MachineFacts facts = debian_13_as_root();
  facts.kernel = parse_release("6.1.0-44-amd64");
  facts.trial->sees_readers = false;
  EXPECT_EQ(check_of(facts, "readers").state, CheckState::note);
  EXPECT_EQ(check_of(facts, "SYN-ACKs").state, CheckState::note);
  facts.trial.reset();
  EXPECT_EQ(check_of(facts, "readers").state, CheckState::note)
      << "goes by the version where nothing was tried";
  facts.kernel = parse_release("6.3.1");
  EXPECT_EQ(check_of(facts, "readers").state, CheckState::ok);
}

TEST(Doctor, ABuildWithoutCaptureSaysSo) {
  MachineFacts facts = debian_13_as_root();
  facts.has_live_capture = false;
  facts.trial.reset();
  EXPECT_THAT(missing_of(facts), ElementsAre("build"));
  EXPECT_THAT(check_of(facts, "build").remedy, HasSubstr("scripts/setup build"));
}

}  // namespace
}  // namespace pcapml
