#include "supervisor/keeper/spawn_request.hpp"

#include "supervisor/keeper/message.hpp"

namespace keeper {
namespace {

// One list of the members, used for both directions.
template <class Visit>
void members(SpawnRequest& request, Visit& visit) {
  visit(request.program);
  visit(request.argv);
  visit(request.env);
  visit(request.folder);
  visit(request.log);
  visit(request.log_max_bytes);
  visit(request.log_files);
  visit(request.log_max_age_days);
  visit(request.socket_names);
  visit(request.open_files);
  visit(request.memory_bytes);
  visit(request.millicpus);
  visit(request.memo);
}

template <class Visit>
void members(Hello& hello, Visit& visit) {
  visit(hello.keeper);
  visit(hello.runs);
  visit(hello.terminating);
  visit(hello.ended);
  visit(hello.pid);
  visit(hello.start_time);
  visit(hello.since_us);
  visit(hello.since_ns);
  visit(hello.status);
  visit(hello.memo);
  visit(hello.notified);
  visit(hello.socket_names);
}

struct Write {
  std::vector<std::string> parts;
  void operator()(const std::string& text) { parts.push_back(text); }
  void operator()(const std::vector<std::string>& list) { parts.push_back(pack(list)); }
  void operator()(std::int64_t value) { parts.push_back(std::to_string(value)); }
  void operator()(bool value) { parts.push_back(value ? "1" : "0"); }
};

struct Read {
  const std::vector<std::string>& parts;
  std::size_t next = 0;
  bool good = true;

  const std::string& take() {
    static const std::string none;
    if (next < parts.size()) return parts[next++];
    good = false;
    return none;
  }
  void operator()(std::string& text) { text = take(); }
  void operator()(std::vector<std::string>& list) { good = unpack(take(), list) && good; }
  void operator()(std::int64_t& value) { value = number(take()); }
  void operator()(bool& value) { value = take() == "1"; }
};

template <class Value>
std::vector<std::string> written(Value value) {
  Write write;
  members(value, write);
  return std::move(write.parts);
}

template <class Value>
base::Result<Value> read(const std::vector<std::string>& parts) {
  Value value;
  Read from{parts};
  members(value, from);
  if (!from.good) return base::fail(base::ErrorCode::malformed, "a message lacks parts");
  return value;
}

}  // namespace

std::vector<std::string> parts_of(const SpawnRequest& request) { return written(request); }
std::vector<std::string> parts_of(const Hello& value) { return written(value); }
base::Result<SpawnRequest> spawn_request(const std::vector<std::string>& parts) { return read<SpawnRequest>(parts); }
base::Result<Hello> hello(const std::vector<std::string>& parts) { return read<Hello>(parts); }

}  // namespace keeper
