/*===- linked_code.c - runs models whose code is in the program ------------===*
 *
 * Part of moec, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * usage: linked_code PACKAGE...
 *
 * Compiled with -DCODES="CODE(a) CODE(b) ...", the symbols of objects, one per
 * package. Runs each package's first input and output (f32, rows dynamic) with
 * the package's own code, then forbids the process to make memory executable
 * as a hardened system does, and runs it with the linked code.
 *
 *===----------------------------------------------------------------------===*/

#include "moe_rt/moe_rt.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define CODE(name) extern const moe_rt_linked_code_t name;
CODES
#undef CODE
#define CODE(name) &name,
static const moe_rt_linked_code_t *const codes[] = {CODES};

enum { ROWS = 5, COUNT = sizeof(codes) / sizeof(codes[0]) };

static void check(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "linked_code: %s\n", what);
    exit(1);
  }
}

static int ok(moe_rt_status_t status) {
  if (!status) {
    return 1;
  }
  printf("%s: %s\n", moe_rt_status_code_name(moe_rt_status_code(status)),
         moe_rt_status_message(status));
  moe_rt_status_free(status);
  return 0;
}

/* Fails mmap and mprotect where they ask for executable memory. */
static void forbid_executable_memory(void) {
#define LOAD(field)                                                            \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(test, value, then, otherwise)                                       \
  BPF_JUMP(BPF_JMP | test | BPF_K, value, then, otherwise)
  struct sock_filter filter[] = {
      LOAD(nr),
      IF(BPF_JEQ, SYS_mmap, 1, 0),
      IF(BPF_JEQ, SYS_mprotect, 0, 3),
      LOAD(args[2]),
      IF(BPF_JSET, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  check(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
            !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
        "cannot install a filter");
  check(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
             0) == MAP_FAILED,
        "the filter does nothing");
}

/* Mappings of the process that are executable. */
static int count_executable(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  check(maps != NULL, "cannot open /proc/self/maps");
  char line[4096], permissions[5];
  int count = 0;
  while (fgets(line, sizeof(line), maps)) {
    count += sscanf(line, "%*s %4s", permissions) == 1 &&
             strchr(permissions, 'x') != NULL;
  }
  fclose(maps);
  return count;
}

/* The first output of a run; the caller's to free. NULL after an error, which
 * was printed. `mapped` gets how many executable mappings came with it. */
static float *run(moe_rt_device_t *device, const char *path,
                  const moe_rt_linked_code_t *code, size_t *size, int *mapped) {
  int before = count_executable();
  moe_rt_model_options_t options = {.struct_size = sizeof(options),
                                    .linked_code = code};
  moe_rt_model_t *model = NULL;
  moe_rt_session_t *session = NULL;
  moe_rt_tensor_info_t info = {.struct_size = sizeof(info)};
  float *input = NULL, *result = NULL;
  if (ok(moe_rt_model_load_path(path, &options, &model)) &&
      ok(moe_rt_session_create(model, device, &session)) &&
      ok(moe_rt_model_input(model, 0, &info))) {
    check(info.dtype == MOE_RT_DTYPE_F32 && info.rank == 2 &&
              info.dims[0] == -1,
          "the model is of another kind");
    int64_t dims[2] = {ROWS, info.dims[1]};
    size_t count = (size_t)(dims[0] * dims[1]);
    input = malloc(count * sizeof(float));
    for (size_t i = 0; i < count; ++i) {
      input[i] = (float)(i * 37 % 101) / 10.0f - 5.0f;
    }
    moe_rt_tensor_t tensor = {.struct_size = sizeof(tensor),
                              .data = input,
                              .byte_size = count * sizeof(float),
                              .dtype = info.dtype,
                              .rank = 2,
                              .dims = dims};
    moe_rt_tensor_t output = {.struct_size = sizeof(output)};
    if (ok(moe_rt_session_set_input(session, 0, &tensor)) &&
        ok(moe_rt_session_run(session)) &&
        ok(moe_rt_session_output(session, 0, &output))) {
      *size = output.byte_size;
      *mapped = count_executable() - before;
      result = malloc(*size);
      memcpy(result, output.data, *size);
    }
  }
  moe_rt_session_free(session);
  moe_rt_model_free(model);
  free(input);
  return result;
}

int main(int argc, char **argv) {
  check(argc == COUNT + 1, "give one package per symbol");
  moe_rt_device_t *device = NULL;
  check(ok(moe_rt_device_create_cpu(NULL, &device)), "no device");
  float *wanted[COUNT];
  size_t sizes[COUNT], size = 0;
  int mapped = 0, good = 1;
  for (int i = 0; i < COUNT; ++i) {
    wanted[i] = run(device, argv[i + 1], NULL, &sizes[i], &mapped);
    check(wanted[i] != NULL && sizes[i] != 0, "the package cannot be run");
    check(mapped > 0, "mappings are not counted");
  }
  forbid_executable_memory();
  for (int i = 0; i < COUNT; ++i) {
    printf("package %d alone: ", i);
    check(!run(device, argv[i + 1], NULL, &size, &mapped), "code was mapped");
    printf("package %d with linked code: ", i);
    float *found = run(device, argv[i + 1], codes[i], &size, &mapped);
    if (found) {
      check(mapped == 0, "code was mapped");
      check(size == sizes[i] && memcmp(found, wanted[i], size) == 0,
            "another result");
      printf("the same %zu bytes\n", size);
    }
    good &= found != NULL;
    free(found);
    free(wanted[i]);
  }
  moe_rt_device_free(device);
  return good ? 0 : 1;
}
