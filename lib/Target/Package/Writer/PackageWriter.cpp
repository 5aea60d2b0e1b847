//===- PackageWriter.cpp - Writes package files ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/PackageWriter.h"

#include "package/hash_tree.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

using namespace moe;
using rt::Hash;
using rt::Hasher;
using rt::HashKind;
using rt::SectionHasher;

static constexpr size_t bufferBytes = size_t{1} << 20;
static constexpr uint64_t endAlignment = 64;

static std::string systemMessage(int error) {
  return std::generic_category().message(error);
}

static uint64_t roundUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

/// Writes all of it at an offset; returns 0 or an errno value.
static int writeAt(int file, uint64_t offset, const void *data, size_t size) {
  const auto *bytes = static_cast<const uint8_t *>(data);
  while (size) {
    ssize_t written = pwrite(file, bytes, size, static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    bytes += written;
    offset += static_cast<uint64_t>(written);
    size -= static_cast<size_t>(written);
  }
  return 0;
}

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct PackageWriter::Impl {
  explicit Impl(const PackageWriterOptions &options) : options(options) {
    buffer.reserve(bufferBytes);
  }

  bool fail(const std::string &message) {
    if (error.empty()) {
      error = message;
    }
    abandon();
    return false;
  }
  bool failSystem(const std::string &what, int code) {
    return fail("cannot write '" + path + "': " + what + systemMessage(code) +
                (code == ENOSPC || code == EDQUOT
                     ? " after " + std::to_string(offset) + " bytes"
                     : ""));
  }
  void abandon();

  bool checkOutput();
  bool openTemporary();
  bool write(const void *data, size_t size);
  bool pad(uint64_t alignment);
  bool flush();
  /// Pads the open section to `alignment` and completes its table entry.
  bool closeSection(uint64_t alignment);
  bool addLeaves();
  bool writeHead();
  bool publish();

  PackageWriterOptions options;
  std::string path;
  std::string temporary;
  std::string error;
  int file = -1;
  std::vector<uint8_t> buffer;
  uint64_t written = 0; ///< bytes of the file that are not in the buffer
  uint64_t offset = 0;  ///< where the next byte goes
  std::vector<moe_package_section> sections;
  std::vector<std::vector<Hash>> leaves; ///< per section; empty if not lazy
  SectionHasher hasher;
  bool open = false;  ///< whether sections.back() still grows
  bool whole = false; ///< whether the temporary is a package
  moe_package_header header = {};
};

void PackageWriter::Impl::abandon() {
  if (file >= 0) {
    close(file);
    file = -1;
  }
  if (!temporary.empty()) {
    unlink(temporary.c_str());
    temporary.clear();
  }
}

bool PackageWriter::Impl::checkOutput() {
  struct stat info;
  if (lstat(path.c_str(), &info)) {
    return errno == ENOENT || failSystem("", errno);
  }
  if (!S_ISREG(info.st_mode)) {
    const char *kind = S_ISDIR(info.st_mode)   ? "a folder"
                       : S_ISLNK(info.st_mode) ? "a symbolic link"
                                               : "no regular file";
    return fail("cannot write '" + path + "': it exists and is " + kind +
                "; name a regular file or a new one");
  }
  return true;
}

bool PackageWriter::Impl::openTemporary() {
  // Named without the output's name, which may be as long as names can be.
  std::string prefix = folderOf(path) + "/.moe-" + std::to_string(getpid());
  for (int attempt = 0; attempt < 1000; ++attempt) {
    temporary = prefix + "-" + std::to_string(attempt) + ".tmp";
    file =
        ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) {
      return true;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  int code = errno;
  temporary.clear();
  return failSystem("cannot create a file in '" + folderOf(path) + "': ", code);
}

bool PackageWriter::Impl::flush() {
  int code = writeAt(file, written, buffer.data(), buffer.size());
  written += buffer.size();
  buffer.clear();
  return code == 0 || failSystem("", code);
}

bool PackageWriter::Impl::write(const void *data, size_t size) {
  const auto *bytes = static_cast<const uint8_t *>(data);
  hasher.append(bytes, size);
  offset += size;
  if (buffer.size() + size > bufferBytes && !flush()) {
    return false;
  }
  if (size < bufferBytes) {
    buffer.insert(buffer.end(), bytes, bytes + size);
    return true;
  }
  int code = writeAt(file, written, bytes, size);
  written += size;
  return code == 0 || failSystem("", code);
}

bool PackageWriter::Impl::pad(uint64_t alignment) {
  static const uint8_t zeros[65536] = {};
  uint64_t missing = roundUp(offset, alignment) - offset;
  while (missing) {
    size_t now = missing < sizeof(zeros) ? missing : sizeof(zeros);
    if (!write(zeros, now)) {
      return false;
    }
    missing -= now;
  }
  return true;
}

bool PackageWriter::Impl::closeSection(uint64_t alignment) {
  if (!open) {
    offset = roundUp(offset, alignment);
    return true;
  }
  moe_package_section &section = sections.back();
  section.payload_length = offset - section.offset;
  if (!pad(alignment)) {
    return false;
  }
  section.size = offset - section.offset;
  Hash hash = hasher.finish();
  memcpy(section.hash, hash.bytes, sizeof(hash.bytes));
  open = false;
  return true;
}

PackageWriter::PackageWriter(const PackageWriterOptions &options)
    : impl(std::make_unique<Impl>(options)) {}

PackageWriter::~PackageWriter() { impl->abandon(); }

bool PackageWriter::begin(const std::string &path) {
  impl->path = path;
  if (!impl->checkOutput() || !impl->openTemporary()) {
    return false;
  }
  impl->offset =
      sizeof(moe_package_header) +
      uint64_t{impl->options.sectionCapacity} * sizeof(moe_package_section);
  return true;
}

bool PackageWriter::addSection(uint32_t type, uint32_t flags, uint32_t version,
                               uint64_t alignment) {
  if (!impl->error.empty()) {
    return false;
  }
  bool growing = impl->file >= 0 && !impl->whole;
  if (!growing || alignment < endAlignment ||
      (alignment & (alignment - 1)) != 0) {
    return impl->fail("cannot add a section to '" + impl->path +
                      "' with alignment " + std::to_string(alignment) +
                      (growing ? "" : ": it is not open"));
  }
  if (impl->sections.size() >= impl->options.sectionCapacity) {
    return impl->fail("cannot write '" + impl->path + "': it needs more than " +
                      std::to_string(impl->options.sectionCapacity) +
                      " sections");
  }
  bool first = impl->sections.empty();
  if (!impl->closeSection(alignment)) {
    return false;
  }
  if (first) {
    // Header and table are written last; until then there is a hole.
    impl->written = impl->offset;
  }
  moe_package_section section = {};
  section.type = type;
  section.flags = flags;
  section.version = version;
  section.alignment_log2 = static_cast<uint32_t>(__builtin_ctzll(alignment));
  section.offset = impl->offset;
  impl->sections.push_back(section);
  impl->leaves.emplace_back();
  impl->open = true;
  SectionHasher::LeafSink sink = nullptr;
  if (flags & MOE_SECTION_LAZY) {
    sink = [](void *context, const Hash &leaf) {
      static_cast<Impl *>(context)->leaves.back().push_back(leaf);
    };
  }
  impl->hasher = SectionHasher(sink, impl.get());
  return true;
}

bool PackageWriter::append(const void *data, size_t size) {
  if (!impl->error.empty()) {
    return false;
  }
  if (!impl->open) {
    return impl->fail("cannot write '" + impl->path +
                      "': no section was started");
  }
  return impl->write(data, size);
}

bool PackageWriter::alignTo(uint64_t alignment) {
  static const uint8_t zeros[4096] = {};
  uint64_t missing = roundUp(sectionBytes(), alignment) - sectionBytes();
  while (missing) {
    size_t now = missing < sizeof(zeros) ? missing : sizeof(zeros);
    if (!append(zeros, now)) {
      return false;
    }
    missing -= now;
  }
  return true;
}

bool PackageWriter::Impl::addLeaves() {
  std::vector<moe_package_leaves> entries;
  std::vector<Hash> hashes;
  for (size_t i = 0; i < sections.size(); ++i) {
    if (sections[i].flags & MOE_SECTION_LAZY) {
      moe_package_leaves entry = {};
      entry.section = static_cast<uint32_t>(i);
      entry.leaf_count = static_cast<uint32_t>(leaves[i].size());
      entry.offset = hashes.size() * sizeof(Hash);
      hashes.insert(hashes.end(), leaves[i].begin(), leaves[i].end());
      entries.push_back(entry);
    }
  }
  for (moe_package_leaves &entry : entries) {
    entry.offset += entries.size() * sizeof(moe_package_leaves);
  }
  return write(entries.data(), entries.size() * sizeof(moe_package_leaves)) &&
         write(hashes.data(), hashes.size() * sizeof(Hash));
}

bool PackageWriter::Impl::writeHead() {
  memcpy(header.magic, MOE_PACKAGE_MAGIC, sizeof(header.magic));
  header.major = MOE_PACKAGE_MAJOR;
  header.minor = MOE_PACKAGE_MINOR;
  header.section_count = static_cast<uint32_t>(sections.size());
  header.section_table_offset = sizeof(header);
  header.total_length = offset;
  size_t tableBytes = sections.size() * sizeof(moe_package_section);
  Hash root = rt::hashRoot(header, sections.data(), tableBytes);
  memcpy(header.root_hash, root.bytes, sizeof(root.bytes));
  int code = writeAt(file, sizeof(header), sections.data(), tableBytes);
  if (code == 0) {
    code = writeAt(file, 0, &header, sizeof(header));
  }
  return code == 0 || failSystem("", code);
}

bool PackageWriter::Impl::publish() {
  // Synced before it is renamed, so that a crash leaves the old file or the
  // whole new one.
  if (fsync(file)) {
    return failSystem("", errno);
  }
  int code = close(file) ? errno : 0;
  file = -1;
  if (code) {
    return failSystem("", code);
  }
  if (!checkOutput()) {
    return false;
  }
  if (rename(temporary.c_str(), path.c_str())) {
    return failSystem("", errno);
  }
  temporary.clear();
  int folder =
      ::open(folderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    // Not every file system can sync a folder; the file itself is safe.
    (void)fsync(folder);
    close(folder);
  }
  return true;
}

bool PackageWriter::complete() {
  if (!impl->error.empty() || impl->whole) {
    return impl->error.empty();
  }
  if (impl->file < 0) {
    return impl->fail("cannot write '" + impl->path + "': it is not open");
  }
  bool lazy = false;
  for (const moe_package_section &section : impl->sections) {
    lazy |= (section.flags & MOE_SECTION_LAZY) != 0;
  }
  if (lazy) {
    uint64_t alignment = impl->options.leavesAlignment;
    if (!addSection(MOE_SECTION_LEAVES, MOE_SECTION_CRITICAL, 1, alignment) ||
        !impl->addLeaves()) {
      return false;
    }
  }
  if (impl->sections.empty()) {
    // No section, no room: the package is its header.
    impl->offset = sizeof(moe_package_header);
  }
  impl->whole =
      impl->closeSection(endAlignment) && impl->flush() && impl->writeHead();
  return impl->whole;
}

bool PackageWriter::finish() {
  return complete() && impl->publish();
}

uint32_t PackageWriter::sectionCount() const {
  return static_cast<uint32_t>(impl->sections.size());
}

uint64_t PackageWriter::sectionBytes() const {
  return impl->open ? impl->offset - impl->sections.back().offset : 0;
}

const uint8_t *PackageWriter::rootHash() const {
  return impl->header.root_hash;
}

const std::string &PackageWriter::temporaryPath() const {
  return impl->temporary;
}

const std::string &PackageWriter::error() const { return impl->error; }

//===----------------------------------------------------------------------===//
// Attestations
//===----------------------------------------------------------------------===//

bool moe::appendAttestation(const std::string &path, uint32_t type,
                            uint32_t version, const void *payload, size_t size,
                            std::string &error) {
  int file = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    error = "cannot open '" + path + "': " + systemMessage(errno);
    return false;
  }
  moe_package_header header;
  struct stat info;
  bool readable =
      fstat(file, &info) == 0 && S_ISREG(info.st_mode) &&
      pread(file, &header, sizeof(header), 0) == ssize_t{sizeof(header)} &&
      memcmp(header.magic, MOE_PACKAGE_MAGIC, sizeof(header.magic)) == 0 &&
      header.total_length <= static_cast<uint64_t>(info.st_size) &&
      info.st_size % endAlignment == 0;
  if (!readable) {
    close(file);
    error = "'" + path + "' is not a whole package";
    return false;
  }
  moe_package_attestation record = {};
  memcpy(record.magic, MOE_ATTESTATION_MAGIC, sizeof(record.magic));
  record.type = type;
  record.version = version;
  record.payload_length = size;
  static const uint8_t zeros[endAlignment] = {};
  size_t padding = roundUp(size, endAlignment) - size;
  Hasher hasher(HashKind::Attestation);
  hasher.append(header.root_hash, sizeof(header.root_hash));
  hasher.append(&record, sizeof(record));
  hasher.append(payload, size);
  hasher.append(zeros, padding);
  Hash hash = hasher.finish();
  memcpy(record.hash, hash.bytes, sizeof(hash.bytes));

  auto end = static_cast<uint64_t>(info.st_size);
  int code = writeAt(file, end, &record, sizeof(record));
  if (code == 0) {
    code = writeAt(file, end + sizeof(record), payload, size);
  }
  if (code == 0) {
    code = writeAt(file, end + sizeof(record) + size, zeros, padding);
  }
  if (code == 0 && fsync(file)) {
    code = errno;
  }
  if (code) {
    error = "cannot write '" + path + "': " + systemMessage(code);
    if (ftruncate(file, info.st_size)) {
      error += "; it is now damaged: " + systemMessage(errno);
    }
  }
  close(file);
  return code == 0;
}
