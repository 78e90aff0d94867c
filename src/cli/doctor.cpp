// SPDX-License-Identifier: Apache-2.0
#include "pcapml/doctor.h"

#include "cli/command.h"
#include "cli/doctor_report.h"
#include "pcapml/error.h"

namespace pcapml::cli {
namespace {

class DoctorCommand final : public Command {
 public:
  std::string_view name() const override { return "doctor"; }
  std::string_view summary() const override {
    return "Say whether capture will work on this machine, and what to do";
  }
  std::string_view example() const override { return "sudo pcapml doctor"; }

  void options(Options& o) override {
    o.number("--buffer", buffer_megabytes_, "Megabytes between kernel and program, as capture takes them");
    o.json(json_);
  }

  int run(Console& console) override {
    if (buffer_megabytes_ == 0 || buffer_megabytes_ > 2048)
      throw UsageError("--buffer: from 1 to 2048 megabytes");
    const Diagnosis diagnosis = examine_machine(buffer_megabytes_);
    console.print(json_ ? to_json(diagnosis) : text_of(diagnosis));
    return diagnosis.works() ? kDone : kFailed;
  }

 private:
  std::size_t buffer_megabytes_ = 64;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_doctor_command() { return std::make_unique<DoctorCommand>(); }

}  // namespace pcapml::cli
