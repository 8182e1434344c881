#include "services/chassis/host/backtrace.hpp"

#include <backtrace.h>
#include <dlfcn.h>
#define HAVE_DECL_BASENAME 1  // or libiberty's header declares one of its own, unlike that of <cstring>
#include <libiberty/demangle.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>

#include "services/chassis/host/crash_text.hpp"

struct dwarf_eh_bases {
  void* tbase;
  void* dbase;
  void* func;
};
extern "C" const void* _Unwind_Find_FDE(void* pc, struct dwarf_eh_bases* bases);  // of libgcc
extern "C" [[gnu::weak]] const char msctl_source_root[];  // with a slash at its end; from msctl_program()

namespace chassis::crash {
namespace {

constexpr std::size_t most_frames = 64;
constexpr std::size_t most_name_bytes = 400;
constexpr int time_limit_ms = 5'000;
constexpr unsigned child_limit_s = 10;  // of its own, should the parent be gone

backtrace_state* state = nullptr;

void ignore_error(void* /*data*/, const char* /*message*/, int /*number*/) {}

struct Frames {
  std::array<std::uintptr_t, 2 * most_frames> pcs{};
  std::size_t size = 0;
};

int collect(void* data, std::uintptr_t pc) {
  auto& frames = *static_cast<Frames*>(data);
  if (pc == 0 || pc == ~std::uintptr_t{0}) return 1;
  frames.pcs[frames.size++] = pc;
  return frames.size == frames.pcs.size() ? 1 : 0;
}

const char* symbol_of(std::uintptr_t pc) {
  const char* name = nullptr;
  const auto take = [](void* data, std::uintptr_t /*pc*/, const char* symbol, std::uintptr_t, std::uintptr_t) {
    *static_cast<const char**>(data) = symbol;
  };
  backtrace_syminfo(state, pc, take, ignore_error, &name);
  return name;
}

// Functions of the runtime by which a program ends itself: of no interest above the one that called them.
bool is_way_to_the_end(const char* symbol) {
  static constexpr std::array names{"abort",
                                    "__assert_fail",
                                    "__cxa_throw",
                                    "__cxa_rethrow",
                                    "_ZSt9terminatev",
                                    "_ZN10__cxxabiv111__terminateEPFvvE",
                                    "_ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE"};
  return symbol != nullptr &&
         std::any_of(names.begin(), names.end(), [symbol](const char* name) { return std::strcmp(name, symbol) == 0; });
}

std::size_t first_of_interest(const Frames& frames, std::uintptr_t interrupted) {
  const auto* begin = frames.pcs.begin();
  const auto* found = std::find(begin, begin + frames.size, interrupted);
  std::size_t first = found == begin + frames.size ? 0 : static_cast<std::size_t>(found - begin);
  constexpr std::size_t near = 16;
  for (std::size_t i = first; i < std::min(frames.size, first + near); ++i) {
    if (is_way_to_the_end(symbol_of(frames.pcs[i])) && i + 1 < frames.size) first = i + 1;
  }
  return first;
}

using Output = Text<std::size_t{64} * 1024>;
using Name = Text<8192>;

void add_name(Output& out, const char* mangled) {
  Name name;
  demangle(
      mangled,
      [](const char* text, std::size_t size, void* data) {
        static_cast<Name*>(data)->add({text, size});
      },
      &name);
  name.replace_all("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
  name.replace_all("boost::asio::io_context::basic_executor_type<std::allocator<void>, 0ul>", "base::Executor");
  const bool cut = name.view().size() > most_name_bytes;
  name.cut(most_name_bytes);
  out.add(name.view()).add(cut ? "…" : "");
}

// As seen from the root of the sources; the compiler may have been given a path from its build folder.
std::string_view shown(std::string_view path) {
  const std::string_view root = msctl_source_root == nullptr ? "" : msctl_source_root;
  if (path.starts_with(root)) path.remove_prefix(root.size());
  while (path.starts_with("../")) path.remove_prefix(3);
  return path;
}

// A place in the source: of the function itself, or of one that was compiled into it.
struct Place {
  const char* function = nullptr;
  const char* file = nullptr;
  int line = 0;
};

struct Places {
  std::array<Place, most_frames> list{};
  std::size_t size = 0;
};

// Called for the innermost first and for the function itself last.
int add_place(void* data, std::uintptr_t /*pc*/, const char* file, int line, const char* function) {
  auto& places = *static_cast<Places*>(data);
  if (file == nullptr) return 0;
  places.list[places.size++] = {function, file, line};
  return places.size == places.list.size() ? 1 : 0;
}

void print_places(Output& out, std::size_t number, std::uintptr_t pc, const Places& places) {
  for (std::size_t i = 0; i < places.size; ++i) {
    const Place& place = places.list[i];
    // The symbol has the whole signature, where the line table may have the bare name only.
    const char* symbol = i + 1 == places.size ? symbol_of(pc) : nullptr;
    const char* name = symbol != nullptr ? symbol : place.function;
    out.add("#").add_number(number).add(" ");
    add_name(out, name == nullptr ? "?" : name);
    out.add(" at ").add(shown(place.file)).add(":").add_number(static_cast<unsigned>(place.line)).add("\n");
  }
}

void print_symbol(Output& out, std::size_t number, std::uintptr_t pc) {
  const char* name = symbol_of(pc);
  Dl_info info{};
  const bool known = ::dladdr(reinterpret_cast<const void*>(pc), &info) != 0 && info.dli_fname != nullptr;
  out.add("#").add_number(number).add(" ");
  if (name != nullptr) {
    add_name(out, name);
  } else {
    out.add_address(pc);
  }
  if (known) {
    const std::string_view path = info.dli_fname;
    out.add(" in ").add(path.substr(path.rfind('/') + 1));
  }
  out.add(known || name != nullptr ? "\n" : " (no code there)\n");
}

// Where no code is (a call through a null pointer), nothing can be unwound: as if that "function" had returned at once.
void leave_what_is_no_code(ucontext_t& interrupted, Output& out, std::size_t& number) {
  dwarf_eh_bases bases{};
  const auto pc = program_counter(interrupted);
  if (_Unwind_Find_FDE(reinterpret_cast<void*>(pc), &bases) != nullptr) return;
  print_symbol(out, number++, pc);
#if defined(__x86_64__)
  auto& registers = interrupted.uc_mcontext.gregs;
  registers[REG_RIP] = *reinterpret_cast<greg_t*>(registers[REG_RSP]) - 1;
  registers[REG_RSP] += sizeof(greg_t);
#elif defined(__aarch64__)
  interrupted.uc_mcontext.pc = interrupted.uc_mcontext.regs[30] - 1;
#endif
}

[[noreturn]] void make_backtrace(ucontext_t* interrupted) {
  ::alarm(child_limit_s);
  const rlimit no_core{0, 0};  // the core that counts is the process's own
  ::setrlimit(RLIMIT_CORE, &no_core);
  static Output out;
  std::size_t number = 0;
  if (interrupted != nullptr) leave_what_is_no_code(*interrupted, out, number);
  static Frames frames;
  backtrace_simple(state, 0, collect, ignore_error, &frames);
  const auto from = interrupted == nullptr ? 0 : program_counter(*interrupted);
  const std::size_t first = first_of_interest(frames, from);
  for (std::size_t i = first; i < std::min(frames.size, first + most_frames); ++i, ++number) {
    static Places places;
    places.size = 0;
    backtrace_pcinfo(state, frames.pcs[i], add_place, ignore_error, &places);
    places.size > 0 ? print_places(out, number, frames.pcs[i], places) : print_symbol(out, number, frames.pcs[i]);
  }
  if (frames.size > first + most_frames) out.add("#… and further ones\n");
  write_error(out.view());
  ::_exit(0);
}

// True when it has ended by itself and well.
bool wait_for(pid_t child) {
  constexpr timespec pause{0, 1'000'000};
  int status = 0;
  for (int waited = 0; waited < time_limit_ms; ++waited) {
    if (::waitpid(child, &status, WNOHANG) == child) return status == 0;
    ::nanosleep(&pause, nullptr);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return false;
}

}  // namespace

void prepare_backtrace() { state = backtrace_create_state(nullptr, 1, ignore_error, nullptr); }

void write_backtrace(ucontext_t* interrupted) {
  const pid_t child = ::_Fork();
  if (child == 0) {
    for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM}) std::signal(number, SIG_DFL);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
    make_backtrace(interrupted);
  }
  if (child < 0) return write_error("(no backtrace: the process could not be forked)\n");
  if (!wait_for(child)) write_error("(no backtrace: it could not be made from what the crash has left)\n");
}

std::uintptr_t program_counter(const ucontext_t& interrupted) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(interrupted.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return interrupted.uc_mcontext.pc;
#endif
}

std::uintptr_t stack_pointer(const ucontext_t& interrupted) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(interrupted.uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return interrupted.uc_mcontext.sp;
#endif
}

void demangle(const char* name, Sink sink, void* data) {
  if (cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP, sink, data) == 0) {
    sink(name, std::strlen(name), data);
  }
}

void demangle_type(const char* name, Sink sink, void* data) {
  if (cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI | DMGL_TYPES, sink, data) == 0) {
    sink(name, std::strlen(name), data);
  }
}

}  // namespace chassis::crash
