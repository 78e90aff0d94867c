// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample_files.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "io/output_file.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// Waiting for the next batch; as much again is being written.
constexpr std::size_t kMaxWaiting = std::size_t{64} << 20;

}  // namespace

std::byte* SampleFile::append(std::size_t n) {
  if (n > capacity_ - used_) {
    const std::size_t capacity = std::max({std::size_t{512}, capacity_ * 2, used_ + n});
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    std::copy_n(buffer_.get(), used_, larger.get());
    buffer_ = std::move(larger);
    waiting_.capacity += capacity - capacity_;
    capacity_ = capacity;
  }
  std::byte* at = buffer_.get() + used_;
  used_ += n;
  waiting_.used += n;
  return at;
}

SampleFiles::~SampleFiles() {
  if (batch_.valid()) batch_.wait();
}

SampleFile& SampleFiles::open(const std::string& name) {
  return *files_.emplace_back(std::make_unique<SampleFile>(name, waiting_));
}

void SampleFiles::write_some() {
  if (waiting_.used > kMaxWaiting || waiting_.capacity > memory_bytes_) start_batch();
}

void SampleFiles::forget() {
  start_batch();
  files_.clear();
}

void SampleFiles::finish() {
  start_batch();
  batch_.get();
}

void SampleFiles::start_batch() {
  if (batch_.valid()) batch_.get();
  std::vector<Piece> pieces;
  for (const auto& file : files_) {
    if (file->used_ == 0) continue;
    pieces.push_back({file->name_, std::move(file->buffer_), file->used_});
    file->used_ = 0;
    file->capacity_ = 0;
  }
  waiting_ = {};
  auto write = [this, pieces = std::move(pieces)]() mutable {
    for (Piece& piece : pieces) {
      check_interrupt();
      const FileDescriptor file(
          ::openat(directory_, piece.name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
      const std::string name = path_ + "/" + piece.name;
      if (!file) throw_errno(name, "create");
      descriptor_sink(file.get(), name)->write({piece.bytes.get(), piece.size});
      piece.bytes.reset();
    }
  };
  batch_ = std::async(std::launch::async, watching(std::move(write)));
}

}  // namespace pcapml
