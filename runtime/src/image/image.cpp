//===- image.cpp - loads compiled kernels ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "image/image.h"

#include "package/source.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <sys/mman.h>
#include <unistd.h>

using namespace moe::rt;

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static constexpr size_t alignment = ElfImage::segmentAlignment;

const char *moe::rt::imageMethodName(ImageMethod method) {
  switch (method) {
  case ImageMethod::None:
    break;
  case ImageMethod::SealedFile:
    return "a sealed memory file";
  case ImageMethod::Anonymous:
    return "anonymous memory";
  case ImageMethod::FolderFile:
    return "a private file";
  }
  return "nothing";
}

namespace {

/// Reserved addresses for an image, at a multiple of 64 KiB.
struct Reservation {
  uint8_t *base = nullptr;
  size_t bytes = 0;

  bool reserve(uint64_t span) {
    size_t wanted = static_cast<size_t>(span) + alignment;
    void *region = mmap(nullptr, wanted, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) {
      return false;
    }
    auto *start = static_cast<uint8_t *>(region);
    size_t skip = -reinterpret_cast<uintptr_t>(region) & (alignment - 1);
    // Gives back what is around the aligned part.
    if (skip) {
      munmap(start, skip);
    }
    if (alignment - skip) {
      munmap(start + skip + span, alignment - skip);
    }
    base = start + skip;
    bytes = static_cast<size_t>(span);
    return true;
  }
  void release() {
    if (base) {
      munmap(base, bytes);
      base = nullptr;
    }
  }
};

/// Tries the methods for one image.
class Placer {
public:
  explicit Placer(const ElfImage &image) : image(image) {}

  /// 0 or an errno value; on failure nothing is left in the reservation.
  int place(ImageMethod method, const char *folder, uint8_t *base);

private:
  int placeAnonymous(uint8_t *base);
  /// Fills the file with the relocated image and maps it; the file's name must
  /// be gone and nobody else have it open.
  int placeFile(int file, bool seal, uint8_t *base);
  /// Copies and relocates for an image that will lie at `base`.
  void fill(const ElfImage::Segment &segment, uint8_t *to,
            const uint8_t *base) const;
  static int protection(const ElfImage::Segment &segment) {
    return segment.executable ? PROT_READ | PROT_EXEC : PROT_READ;
  }

  const ElfImage &image;
};

} // namespace

static size_t pageRoundUp(uint64_t bytes) {
  auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return static_cast<size_t>((bytes + page - 1) & ~(page - 1));
}

void Placer::fill(const ElfImage::Segment &segment, uint8_t *to,
                  const uint8_t *base) const {
  memcpy(to, image.bytes + segment.fileOffset,
         static_cast<size_t>(segment.fileBytes));
  if (!segment.relocated) {
    return;
  }
  for (uint64_t i = 0; i < image.relocationCount; ++i) {
    const Elf64_Rela &relocation = image.relocations[i];
    if (image.find(relocation.r_offset, sizeof(uint64_t)) != &segment) {
      continue;
    }
    uint64_t value = reinterpret_cast<uintptr_t>(base) +
                     static_cast<uint64_t>(relocation.r_addend);
    memcpy(to + (relocation.r_offset - segment.address), &value, sizeof(value));
  }
}

int Placer::placeAnonymous(uint8_t *base) {
  for (int i = 0; i < image.segmentCount; ++i) {
    const ElfImage::Segment &segment = image.segments[i];
    uint8_t *to = base + segment.address;
    size_t bytes = pageRoundUp(segment.memoryBytes);
    if (mprotect(to, bytes, PROT_READ | PROT_WRITE)) {
      return errno;
    }
    fill(segment, to, base);
    if (mprotect(to, bytes, protection(segment))) {
      return errno;
    }
  }
  return 0;
}

int Placer::placeFile(int file, bool seal, uint8_t *base) {
  if (ftruncate(file, static_cast<off_t>(image.span))) {
    return errno;
  }
  for (int i = 0; i < image.segmentCount; ++i) {
    const ElfImage::Segment &segment = image.segments[i];
    size_t bytes = pageRoundUp(segment.memoryBytes);
    // A disk that is full must fail here and not when the page is written.
    int error = posix_fallocate(file, static_cast<off_t>(segment.address),
                                static_cast<off_t>(bytes));
    if (error) {
      return error;
    }
    void *window = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                        file, static_cast<off_t>(segment.address));
    if (window == MAP_FAILED) {
      return errno;
    }
    fill(segment, static_cast<uint8_t *>(window), base);
    munmap(window, bytes);
  }
  if (seal && fcntl(file, F_ADD_SEALS,
                    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)) {
    return errno;
  }
  for (int i = 0; i < image.segmentCount; ++i) {
    const ElfImage::Segment &segment = image.segments[i];
    if (mmap(base + segment.address, pageRoundUp(segment.memoryBytes),
             protection(segment), MAP_PRIVATE | MAP_FIXED, file,
             static_cast<off_t>(segment.address)) == MAP_FAILED) {
      return errno;
    }
  }
  return 0;
}

static int openSealable() {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int file = memfd_create("moe-kernels", flags | MFD_EXEC);
  if (file < 0 && errno == EINVAL) {
    // Kernels before 6.3 do not know the flag, and need none.
    file = memfd_create("moe-kernels", flags);
  }
  return file;
}

static int openNameless(const char *folder) {
  int file = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0 ||
      (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) {
    return file;
  }
  // A file system without nameless files.
  char path[4096];
  int length = snprintf(path, sizeof(path), "%s/.moe-XXXXXX", folder);
  if (length < 0 || static_cast<size_t>(length) >= sizeof(path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  file = mkostemp(path, O_CLOEXEC);
  if (file >= 0) {
    unlink(path);
  }
  return file;
}

int Placer::place(ImageMethod method, const char *folder, uint8_t *base) {
  int error;
  if (method == ImageMethod::Anonymous) {
    error = placeAnonymous(base);
  } else {
    bool seal = method == ImageMethod::SealedFile;
    int file = seal ? openSealable() : openNameless(folder);
    if (file < 0) {
      return errno;
    }
    error = placeFile(file, seal, base);
    close(file);
  }
  if (error) {
    // Back to nothing but reserved addresses.
    void *reset =
        mmap(base, static_cast<size_t>(image.span), PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    (void)reset;
  }
  return error;
}

Image &Image::operator=(Image &&other) noexcept {
  if (this != &other) {
    unload();
    memory = other.memory;
    memoryBytes = other.memoryBytes;
    table = other.table;
    usedMethod = other.usedMethod;
    other.memory = nullptr;
    other.unload();
  }
  return *this;
}

void Image::unload() {
  if (memory) {
    munmap(memory, memoryBytes);
  }
  memory = nullptr;
  memoryBytes = 0;
  table = nullptr;
  usedMethod = ImageMethod::None;
}

/// Whether every phase is the address of code of this image.
static bool phasesAreCode(const ElfImage &elf, const uint8_t *base,
                          uint32_t phaseCount) {
  const uint8_t *at = base + elf.phasesAddress;
  for (uint32_t i = 0; i < phaseCount; ++i, at += sizeof(uint64_t)) {
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    uint64_t address = value - reinterpret_cast<uintptr_t>(base);
    const ElfImage::Segment *segment = elf.find(address, 1);
    if (!segment || !segment->executable ||
        address - segment->address >= segment->fileBytes) {
      return false;
    }
  }
  return true;
}

Status Image::load(const char *name, const uint8_t *bytes, uint64_t size,
                   uint32_t phaseCount, const ImageOptions &options,
                   const Log &log, Image &result) {
  ElfImage elf;
  Status parsed = parseElf(bytes, size, phaseCount, elf);
  if (!parsed.ok()) {
    return Status::error(parsed.code(), "%s cannot be loaded: %s", name,
                         parsed.message());
  }
  Reservation reservation;
  if (!reservation.reserve(elf.span)) {
    return Status::outOfMemory(name, elf.span);
  }
  Placer placer(elf);
  char reasons[512] = "";
  size_t used = 0;
  bool placed = false;
  for (ImageMethod method : {ImageMethod::SealedFile, ImageMethod::Anonymous,
                             ImageMethod::FolderFile}) {
    if (method == ImageMethod::FolderFile && !options.folder) {
      continue;
    }
    int error = options.disabled & static_cast<unsigned>(method)
                    ? EPERM
                    : placer.place(method, options.folder, reservation.base);
    if (error == 0) {
      placed = true;
      result.unload();
      result.memory = reservation.base;
      result.memoryBytes = reservation.bytes;
      result.usedMethod = method;
      break;
    }
    char buffer[128];
    int length = snprintf(reasons + used, sizeof(reasons) - used, "%s%s: %s",
                          used ? "; " : "", imageMethodName(method),
                          systemErrorText(error, buffer, sizeof(buffer)));
    used += length < 0 ? 0 : static_cast<size_t>(length);
    used = used < sizeof(reasons) ? used : sizeof(reasons) - 1;
  }
  if (!placed) {
    reservation.release();
    return Status::error(
        MOE_RT_UNSUPPORTED,
        "%s cannot be made executable here (%s); name a folder for private "
        "files in image_folder, or link the code (moec --emit=object) and pass "
        "it in linked_code",
        name, reasons);
  }
  if (phaseCount && !phasesAreCode(elf, result.memory, phaseCount)) {
    result.unload();
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s cannot be loaded: a phase in its table is not in "
                         "its code",
                         name);
  }
  result.table =
      reinterpret_cast<const moe_phase_fn *>(result.memory + elf.phasesAddress);
  log.write(MOE_RT_LOG_DEBUG, "%s is loaded from %s", name,
            imageMethodName(result.usedMethod));
  if (used) {
    log.write(MOE_RT_LOG_INFO, "%s is loaded from %s, because of: %s", name,
              imageMethodName(result.usedMethod), reasons);
  }
  return Status();
}
