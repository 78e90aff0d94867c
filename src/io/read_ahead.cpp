// SPDX-License-Identifier: Apache-2.0
#include "io/read_ahead.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "io/worker_thread.h"

namespace pcapml {
namespace {

constexpr std::size_t kPieceSize = std::size_t{128} << 10;
constexpr std::size_t kPieces = 4;

class ReadAheadSource final : public Source {
 public:
  explicit ReadAheadSource(std::unique_ptr<Source> source)
      : source_(std::move(source)), size_(source_->size()) {
    for (Piece& piece : pieces_) piece.bytes = std::make_unique_for_overwrite<std::byte[]>(kPieceSize);
    thread_ = start_worker([this] { run(); });
  }

  ~ReadAheadSource() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  ReadAheadSource(const ReadAheadSource&) = delete;
  ReadAheadSource& operator=(const ReadAheadSource&) = delete;

  std::size_t read(std::span<std::byte> into) override {
    if (into.empty()) return 0;
    Piece& piece = pieces_[taken_ % kPieces];
    if (used_ == 0) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return filled_ > taken_ || ended_; });
      if (filled_ == taken_) {
        if (error_) std::rethrow_exception(error_);
        return 0;
      }
      position_ = piece.position;
    }
    const std::size_t count = std::min(into.size(), piece.size - used_);
    std::memcpy(into.data(), piece.bytes.get() + used_, count);
    used_ += count;
    if (used_ == piece.size) give_back();
    return count;
  }

  const std::string& name() const override { return source_->name(); }
  std::uint64_t position() const override { return position_; }
  std::optional<std::uint64_t> size() const override { return size_; }

 private:
  struct Piece {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    std::uint64_t position = 0;  // of the source, after these bytes
  };

  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      ++taken_;
    }
    changed_.notify_all();
    used_ = 0;
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (!ended_) {
      changed_.wait(lock, [this] { return stop_ || filled_ < taken_ + kPieces; });
      if (stop_) return;
      Piece& piece = pieces_[filled_ % kPieces];
      lock.unlock();
      std::exception_ptr error;
      try {
        piece.size = source_->read({piece.bytes.get(), kPieceSize});
        piece.position = source_->position();
      } catch (...) {
        piece.size = 0;
        error = std::current_exception();
      }
      lock.lock();
      if (piece.size > 0) {
        ++filled_;
      } else {
        error_ = error;
        ended_ = true;
      }
      changed_.notify_all();
    }
  }

  std::unique_ptr<Source> source_;  // of the worker, but for its name
  std::optional<std::uint64_t> size_;
  std::array<Piece, kPieces> pieces_;
  std::size_t used_ = 0;  // of the piece that is being taken
  std::uint64_t position_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t filled_ = 0;  // pieces, since the start
  std::uint64_t taken_ = 0;
  std::exception_ptr error_;
  bool ended_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Source> read_ahead(std::unique_ptr<Source> source) {
  return std::make_unique<ReadAheadSource>(std::move(source));
}

}  // namespace pcapml
