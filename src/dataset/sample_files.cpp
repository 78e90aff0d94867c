// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample_files.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <numeric>
#include <span>

#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// Waiting for the next batch; as much again is being written.
constexpr std::size_t kMostWaiting = std::size_t{64} << 20;

/// Writes all of them one after the other.
void write_all(int file, const std::string& name, std::span<iovec> parts) {
  while (!parts.empty()) {
    const int count = static_cast<int>(std::min<std::size_t>(parts.size(), IOV_MAX));
    const ssize_t written = ::writev(file, parts.data(), count);
    if (written < 0 && errno == EINTR) {
      check_interrupt();
      continue;
    }
    if (written <= 0) throw_errno(name, "write", written == 0 ? EIO : errno);
    auto rest = static_cast<std::size_t>(written);
    while (!parts.empty() && rest >= parts.front().iov_len) {
      rest -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (rest == 0) continue;
    parts.front().iov_base = static_cast<std::byte*>(parts.front().iov_base) + rest;
    parts.front().iov_len -= rest;
  }
}

}  // namespace

std::size_t SampleFiles::Batch::memory_bytes() const {
  constexpr std::size_t kOrder = sizeof(std::uint32_t);
  return used + larger_bytes + pieces.size() * (sizeof(Piece) + kOrder);
}

std::byte* SampleFiles::Batch::add(std::size_t n) {
  if (n <= bytes.size() - used) return bytes.get() + std::exchange(used, used + n);
  larger_bytes += n;
  return larger.emplace_back(n).get();
}

void SampleFiles::Batch::clear() {
  names.clear();
  pieces.clear();
  used = larger_bytes = 0;
  larger.clear();
}

SampleFiles::SampleFiles(int directory, std::string path, std::size_t memory_bytes)
    : directory_(directory), path_(std::move(path)), memory_bytes_(std::min(memory_bytes, kMostWaiting)) {
  for (Batch& batch : batches_) batch.bytes.reserve(memory_bytes_);
}

SampleFiles::~SampleFiles() {
  if (writing_.valid()) writing_.wait();
}

SampleFile& SampleFiles::open(const std::string& name) {
  if (!files_.empty() && files_.back()->name() == name) return *files_.back();
  return *files_.emplace_back(std::make_unique<SampleFile>(name, *this));
}

std::byte* SampleFiles::append(SampleFile& file, std::size_t n) {
  Batch& batch = batches_[gathering_ % 2];
  if (file.batch_ != gathering_) {
    file.batch_ = gathering_;
    file.number_ = static_cast<std::uint32_t>(batch.names.size());
    batch.names.push_back(file.name_);
  }
  std::byte* at = batch.add(n);
  if (n == 0) return at;
  const auto size = static_cast<std::uint32_t>(n);
  if (!batch.pieces.empty()) {
    Piece& last = batch.pieces[batch.pieces.size() - 1];
    if (last.file == file.number_ && last.bytes + last.size == at) {
      last.size += size;
      return at;
    }
  }
  batch.pieces.push_back({at, size, file.number_});
  return at;
}

void SampleFiles::write_some() {
  if (batches_[gathering_ % 2].memory_bytes() > memory_bytes_ - memory_bytes_ / 16) start_batch();
}

void SampleFiles::forget() {
  start_batch();
  files_.clear();
}

void SampleFiles::finish() {
  if (writing_.valid()) writing_.get();
  Batch& last = batches_[gathering_++ % 2];
  last.arrange();
  writing_ = std::async(std::launch::async, watching([this, &last] { write(last); }));
  write(last);  // nothing is read any more, so this thread has time for it
  writing_.get();
  last.clear();
}

void SampleFiles::start_batch() {
  if (writing_.valid()) writing_.get();
  Batch& full = batches_[gathering_++ % 2];
  writing_ = std::async(std::launch::async, watching([this, &full] {
                          full.arrange();
                          write(full);
                          full.clear();
                        }));
}

void SampleFiles::Batch::arrange() {
  ends.assign(names.size() + 1, 0);
  for (const Piece& piece : pieces.all()) ++ends[piece.file + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  order.resize(pieces.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[ends[pieces[i].file]++] = i;
  next = 0;
}

void SampleFiles::write(Batch& batch) const {
  std::vector<iovec> parts;
  for (std::uint32_t number = batch.next++; number < batch.names.size(); number = batch.next++) {
    check_interrupt();
    const FileDescriptor file(
        ::openat(directory_, batch.names[number].c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    const std::string name = path_ + "/" + batch.names[number];
    if (!file) throw_errno(name, "create");
    parts.clear();
    for (std::uint32_t i = number == 0 ? 0 : batch.ends[number - 1]; i < batch.ends[number]; ++i) {
      const Piece& piece = batch.pieces[batch.order[i]];
      parts.push_back({piece.bytes, piece.size});
    }
    write_all(file.get(), name, parts);
  }
}

}  // namespace pcapml
