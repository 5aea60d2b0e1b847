//===- session.cpp - runs of a model --------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe_rt/session.h"

#include "abi.h"
#include "devices/cpu/cpu_device.h"
#include "model.h"
#include "program/interpreter.h"

#include <atomic>

using namespace moe::rt;

struct moe_rt_session {
  moe_rt_session(moe_rt_model *model, moe_rt_device *device)
      : model(model), device(device) {
    model->retain();
    device->retain();
  }
  ~moe_rt_session() {
    // Before what it works with.
    interpreter = Owned<Interpreter>();
    device->release();
    model->release();
  }

  moe_rt_model *model;
  moe_rt_device *device;
  Owned<Interpreter> interpreter;
  int32_t level = 0;
  std::atomic<bool> busy{false};
};

namespace {

/// Keeps other calls away while it lives, or finds that there is one.
class Call {
public:
  explicit Call(moe_rt_session *session) : session(session) {
    owns = session && !session->busy.exchange(true, std::memory_order_acquire);
  }
  ~Call() {
    if (owns) {
      session->busy.store(false, std::memory_order_release);
    }
  }
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  Status status() const {
    if (!session) {
      return Status::error(MOE_RT_INVALID_ARGUMENT, "session is NULL");
    }
    if (!owns) {
      return Status::error(MOE_RT_FAILED_PRECONDITION,
                           "another call on this session is under way; use a "
                           "session per thread");
    }
    return Status();
  }

private:
  moe_rt_session *session;
  bool owns;
};

} // namespace

static Status createSession(moe_rt_model *model, moe_rt_device *device,
                            moe_rt_session **result) {
  if (!result) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "session is NULL");
  }
  *result = nullptr;
  if (!model || !device) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "%s is NULL",
                         model ? "device" : "model");
  }
  const Allocator &allocator = device->allocator;
  Owned<moe_rt_session> session(
      allocator, create<moe_rt_session>(allocator, model, device));
  if (!session) {
    return Status::outOfMemory("a session", sizeof(moe_rt_session));
  }
  InterpreterSetup setup;
  setup.program = &model->program();
  setup.sections = &model->sections();
  MOE_RT_RETURN_IF_ERROR(
      model->phases(device->level, setup.phases, session->level));
  setup.device = device->view();
  MOE_RT_RETURN_IF_ERROR(Interpreter::create(setup, session->interpreter));
  *result = session.release();
  return Status();
}

moe_rt_status_t moe_rt_session_create(moe_rt_model_t *model,
                                      moe_rt_device_t *device,
                                      moe_rt_session_t **session) {
  return createSession(model, device, session).release();
}

void moe_rt_session_free(moe_rt_session_t *session) {
  if (session) {
    // The session's own reference may be the last one of the device.
    Allocator allocator = session->device->allocator;
    destroy(allocator, session);
  }
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

static Status setInput(Border &border, size_t index,
                       const moe_rt_tensor_t *tensor) {
  moe_rt_tensor_t given;
  MOE_RT_RETURN_IF_ERROR(copyStruct("moe_rt_tensor_t", tensor, given));
  return border.setInput(index, given);
}

moe_rt_status_t moe_rt_session_set_input(moe_rt_session_t *session,
                                         size_t index,
                                         const moe_rt_tensor_t *tensor) {
  Call call(session);
  if (Status status = call.status(); !status.ok()) {
    return status.release();
  }
  return setInput(session->interpreter->border(), index, tensor).release();
}

moe_rt_status_t
moe_rt_session_set_input_by_name(moe_rt_session_t *session, const char *name,
                                 const moe_rt_tensor_t *tensor) {
  Call call(session);
  Status status = call.status();
  size_t index = 0;
  if (status.ok()) {
    status = session->interpreter->border().findInput(name, index);
  }
  if (status.ok()) {
    status = setInput(session->interpreter->border(), index, tensor);
  }
  return status.release();
}

moe_rt_status_t moe_rt_session_bind_output(moe_rt_session_t *session,
                                           size_t index, void *data,
                                           size_t byte_size) {
  Call call(session);
  Status status = call.status();
  if (status.ok()) {
    status = session->interpreter->border().bindOutput(index, data, byte_size);
  }
  return status.release();
}

moe_rt_status_t moe_rt_session_bind_output_by_name(moe_rt_session_t *session,
                                                   const char *name, void *data,
                                                   size_t byte_size) {
  Call call(session);
  Status status = call.status();
  size_t index = 0;
  if (status.ok()) {
    status = session->interpreter->border().findOutput(name, index);
  }
  if (status.ok()) {
    status = session->interpreter->border().bindOutput(index, data, byte_size);
  }
  return status.release();
}

static Status describeOutput(const Border &border, size_t index,
                             moe_rt_tensor_t *tensor) {
  moe_rt_tensor_t found = {};
  MOE_RT_RETURN_IF_ERROR(border.output(index, found));
  return fillStruct("moe_rt_tensor_t", found, tensor);
}

moe_rt_status_t moe_rt_session_output(moe_rt_session_t *session, size_t index,
                                      moe_rt_tensor_t *tensor) {
  Call call(session);
  Status status = call.status();
  if (status.ok()) {
    status = describeOutput(session->interpreter->border(), index, tensor);
  }
  return status.release();
}

moe_rt_status_t moe_rt_session_output_by_name(moe_rt_session_t *session,
                                              const char *name,
                                              moe_rt_tensor_t *tensor) {
  Call call(session);
  Status status = call.status();
  size_t index = 0;
  if (status.ok()) {
    status = session->interpreter->border().findOutput(name, index);
  }
  if (status.ok()) {
    status = describeOutput(session->interpreter->border(), index, tensor);
  }
  return status.release();
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

moe_rt_status_t moe_rt_session_run(moe_rt_session_t *session) {
  Call call(session);
  Status status = call.status();
  if (status.ok()) {
    Pool::Activity activity(session->device->pool());
    status = session->interpreter->run();
  }
  return status.release();
}

void moe_rt_session_cancel(moe_rt_session_t *session) {
  if (session) {
    session->interpreter->cancel();
  }
}

int32_t moe_rt_session_level(const moe_rt_session_t *session) {
  return session ? session->level : 0;
}

moe_rt_status_t moe_rt_session_memory_usage(moe_rt_session_t *session,
                                            moe_rt_session_memory_t *memory) {
  Call call(session);
  Status status = call.status();
  if (status.ok()) {
    const Interpreter &interpreter = *session->interpreter;
    moe_rt_session_memory_t found = {};
    found.arena_bytes = interpreter.arena().heldBytes();
    found.arena_needed_bytes = interpreter.arena().neededBytes();
    found.scratch_bytes = interpreter.scratchBytes();
    found.output_bytes = interpreter.border().ownedOutputBytes();
    status = fillStruct("moe_rt_session_memory_t", found, memory);
  }
  return status.release();
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

moe_rt_status_t moe_rt_session_count_experts(moe_rt_session_t *session,
                                             int32_t on) {
  Call call(session);
  Status status = call.status();
  if (status.ok()) {
    status = session->interpreter->countExperts(on != 0);
  }
  return status.release();
}

size_t moe_rt_session_expert_layers(const moe_rt_session_t *session) {
  return session ? session->model->program().layers.size() : 0;
}

static Status expertCounts(const moe_rt_session &session, size_t index,
                           moe_rt_expert_counts_t *counts) {
  const Program &program = session.model->program();
  if (index >= program.layers.size()) {
    return Status::error(MOE_RT_NOT_FOUND,
                         "layer %zu does not exist; the model has %u routed "
                         "layers",
                         index, program.layers.size());
  }
  auto layerIndex = uint32_t(index);
  const moe_program_layer &layer = program.layers[layerIndex];
  moe_rt_expert_counts_t found = {};
  found.rows = session.interpreter->expertRows(layerIndex);
  if (!found.rows) {
    return Status::error(MOE_RT_FAILED_PRECONDITION,
                         "experts are not counted; call "
                         "moe_rt_session_count_experts before the run");
  }
  std::string_view name = program.text(layer.name);
  found.layer = name.data();
  found.layer_length = name.size();
  found.experts = layer.experts;
  return fillStruct("moe_rt_expert_counts_t", found, counts);
}

moe_rt_status_t moe_rt_session_expert_counts(moe_rt_session_t *session,
                                             size_t layer,
                                             moe_rt_expert_counts_t *counts) {
  Call call(session);
  Status status = call.status();
  if (status.ok()) {
    status = expertCounts(*session, layer, counts);
  }
  return status.release();
}
