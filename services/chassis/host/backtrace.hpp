#pragma once
// Writes the calling thread's symbolised backtrace to standard error. For a crash: nothing is allocated, and the work
// is done by a forked copy of the process, since the locks and the memory that it meets may be in any state. What hangs
// or crashes there is cut after some seconds and costs the backtrace only. Internal to host.

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

namespace chassis::crash {

// Once, before anything can crash.
void prepare_backtrace();

// `interrupted` is where the crash was, from a signal handler; null for a call from where it happens.
void write_backtrace(ucontext_t* interrupted);

// Where it was and the top of its stack.
std::uintptr_t program_counter(const ucontext_t& interrupted);
std::uintptr_t stack_pointer(const ucontext_t& interrupted);

// The name of a function or a type in plain C++, without allocating; unchanged when it is not a mangled one.
using Sink = void (*)(const char* text, std::size_t size, void* data);
void demangle(const char* name, Sink sink, void* data);
void demangle_type(const char* name, Sink sink, void* data);

}  // namespace chassis::crash
