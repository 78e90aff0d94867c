// SPDX-License-Identifier: Apache-2.0
#include "capture/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>

#include "pcapml/error.h"

namespace pcapml {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

/// An environment variable, until the end of the test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value, 1);
  }
  ~Variable() {
    if (before_)
      setenv(name_, before_->c_str(), 1);
    else
      unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

const Identity kOther{getuid() + 12345, 1, "somebody", "/home/somebody", "/bin/somesh"};

TEST(CapturingUser, IsWhoRunsThis) {
  unsetenv("SUDO_UID");
  unsetenv("SUDO_GID");
  EXPECT_EQ(capturing_user("").uid, getuid());
  EXPECT_EQ(capturing_user("").gid, getgid());
}

TEST(CapturingUser, IsTheCallerOfSudo) {
  const Variable uid("SUDO_UID", "54321"), gid("SUDO_GID", "54322");
  const Identity user = capturing_user("");
  EXPECT_EQ(user.uid, geteuid() == 0 ? 54321 : getuid());  // others may not pretend
  EXPECT_EQ(user.gid, geteuid() == 0 ? 54322 : getgid());
  if (geteuid() == 0) {
    EXPECT_EQ(user.name, "54321");
    EXPECT_EQ(user.home, "/");
  }
}

TEST(CapturingUser, IsNotMadeOfWhatIsNoUser) {
  const Variable gid("SUDO_GID", "1");
  for (const char* text :
       {"", "x", "-1", "12x", " 12", "0x10", "4294967295", "4294967296", "9999999999", "99999999999"}) {
    const Variable uid("SUDO_UID", text);
    EXPECT_EQ(capturing_user("").uid, getuid()) << text;
  }
}

TEST(CapturingUser, MustExistWhereItIsNamed) {
  EXPECT_THROW(capturing_user("no-such-user"), UsageError);
  EXPECT_EQ(capturing_user(capturing_user("").name).uid, getuid());
}

TEST(SessionEnvironment, OfOneselfIsOnesOwn) {
  const Variable home("HOME", "/somewhere"), caller("SUDO_USER", "x"), own("PCAPML_TEST", "a=b");
  Identity user = kOther;
  user.uid = getuid();
  const auto environment = session_environment(user);
  EXPECT_THAT(environment, Contains("HOME=/somewhere"));
  EXPECT_THAT(environment, Contains("SUDO_USER=x"));
  EXPECT_THAT(environment, Contains("PCAPML_TEST=a=b"));
}

TEST(SessionEnvironment, OfAnotherUserIsThatUsers) {
  const Variable home("HOME", "/root"), caller("SUDO_USER", "x"), mail("MAIL", "/var/mail/root"),
      path("PATH", "/sbin"), own("PCAPML_TEST", "a=b");
  const auto environment = session_environment(kOther);
  for (const char* entry : {"HOME=/home/somebody", "USER=somebody", "LOGNAME=somebody", "SHELL=/bin/somesh",
                            "PATH=/usr/local/bin:/usr/bin:/bin", "PCAPML_TEST=a=b"})
    EXPECT_THAT(environment, Contains(entry));
  EXPECT_THAT(environment, Not(Contains(StartsWith("SUDO_"))));
  EXPECT_THAT(environment, Not(Contains(StartsWith("MAIL="))));
}

/// Fields of /proc/self/status after become(), in a process of its own.
std::map<std::string, std::string> status_as(const Identity& user, const std::vector<int>& capabilities) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t pid = fork();
  if (pid == 0) {
    become(user, capabilities);
    std::ifstream status("/proc/self/status");
    const std::string text{std::istreambuf_iterator<char>(status), {}};
    _exit(write(ends[1], text.data(), text.size()) > 0 ? 0 : 1);
  }
  close(ends[1]);
  waitpid(pid, nullptr, 0);
  char text[8192] = {};
  const ssize_t n = read(ends[0], text, sizeof text - 1);
  close(ends[0]);
  std::istringstream lines(std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0));
  std::map<std::string, std::string> fields;
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t colon = line.find(":\t"); colon != std::string::npos)
      fields[line.substr(0, colon)] = line.substr(colon + 2);
  return fields;
}

TEST(Become, GivesUpEverythingButWhatIsKept) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody";
  const Identity nobody = capturing_user("nobody");
  auto status = status_as(nobody, {CAP_KILL});
  const std::string uid = std::to_string(nobody.uid);
  EXPECT_EQ(status["Uid"], uid + "\t" + uid + "\t" + uid + "\t" + uid);
  EXPECT_EQ(status["CapPrm"], "0000000000000020");
  EXPECT_EQ(status["CapEff"], "0000000000000020");
  for (const char* which : {"CapInh", "CapBnd", "CapAmb"})
    EXPECT_EQ(status[which], "0000000000000000") << which;
}

TEST(Become, OfOneselfGivesUpCapabilities) {
  auto status = status_as({getuid(), getgid(), "oneself", "/", ""}, {});
  for (const char* which : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
    EXPECT_EQ(status[which], "0000000000000000") << which;
}

}  // namespace
}  // namespace pcapml
