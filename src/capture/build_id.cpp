// SPDX-License-Identifier: Apache-2.0
#include "capture/build_id.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/file_descriptor.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::size_t kMostNotes = 65536;

std::vector<std::byte> read_at(int file, std::uint64_t offset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  const ssize_t n = pread(file, bytes.data(), size, static_cast<off_t>(offset));
  bytes.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return bytes;
}

std::vector<std::byte> find_in_notes(Bytes notes) {
  Cursor at(notes, kNativeOrder);
  while (at.ok() && at.remaining() >= 12) {
    std::uint32_t name_size = 0, size = 0, type = 0;
    at.read(name_size, size, type);
    const Bytes name = at.take((std::size_t{name_size} + 3) & ~std::size_t{3});
    const Bytes value = at.take(size);
    at.skip(-std::size_t{size} & 3);
    if (value.size() == size && type == NT_GNU_BUILD_ID && as_text(name) == std::string_view("GNU\0", 4))
      return {value.begin(), value.end()};
  }
  return {};
}

}  // namespace

std::vector<std::byte> build_id_of(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return {};
  const auto header = read_at(file.get(), 0, sizeof(Elf64_Ehdr));
  Cursor at(header, kNativeOrder);
  const Bytes magic = at.take(EI_NIDENT);
  if (magic.size() < EI_NIDENT || !as_text(magic).starts_with(ELFMAG) ||
      magic[EI_CLASS] != std::byte{ELFCLASS64})
    return {};
  at.skip(16);  // type, machine, version, entry
  const std::uint64_t table = at.u64();
  at.skip(8 + 4 + 2);
  const std::uint16_t entry_size = at.u16(), entries = at.u16();
  if (!at.ok() || entry_size != sizeof(Elf64_Phdr)) return {};
  const auto segments = read_at(file.get(), table, std::size_t{entries} * entry_size);
  Cursor segment(segments, kNativeOrder);
  while (segment.ok() && segment.remaining() >= entry_size) {
    const std::uint32_t type = segment.u32();
    segment.skip(4);
    const std::uint64_t offset = segment.u64();
    segment.skip(16);
    const std::uint64_t size = segment.u64();
    segment.skip(16);
    if (type != PT_NOTE || size > kMostNotes) continue;
    auto id = find_in_notes(read_at(file.get(), offset, static_cast<std::size_t>(size)));
    if (!id.empty()) return id;
  }
  return {};
}

}  // namespace pcapml
