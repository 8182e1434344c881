#include "supervisor/posix/instance_book.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace posix {
namespace {

using base::Json;

std::uint64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

ports::Remembered remembered(const Json& one, bool same_boot) {
  ports::Remembered result;
  const auto pid = number_of(one, "pid");
  if (same_boot && pid > 0) result.process = ports::ProcessId{static_cast<pid_t>(pid), number_of(one, "start_time")};
  result.state = base::text_at(one, "state");
  result.reason = base::text_at(one, "reason");
  result.last_exit = base::text_at(one, "last_exit");
  result.digest = base::text_at(one, "digest");
  result.restarts = static_cast<int>(number_of(one, "restarts"));
  return result;
}

}  // namespace

base::Result<void> InstanceBook::write(const ports::Book& book) {
  if (file_.empty()) return base::success();
  Json instances = Json::object();
  for (const auto& [name, one] : book.instances) {
    Json& entry = instances[name] = {{"state", one.state},
                                     {"reason", one.reason},
                                     {"last_exit", one.last_exit},
                                     {"digest", one.digest},
                                     {"restarts", static_cast<std::uint64_t>(one.restarts)}};
    if (!one.process) continue;
    entry["pid"] = static_cast<std::uint64_t>(one.process->pid);
    entry["start_time"] = one.process->start_time;
  }
  Json replicas = Json::object();
  for (const auto& [name, count] : book.replicas) replicas[name] = static_cast<std::uint64_t>(count);
  const Json document = {{"version", 2},
                         {"boot", boot_id()},
                         {"generation", book.generation},
                         {"replicas", std::move(replicas)},
                         {"instances", std::move(instances)}};
  return replace_file(file_, base::dump_json(document) + "\n");
}

ports::Book InstanceBook::read() const {
  ports::Book book;
  const auto json = base::parse_json(read_small_file(file_.string()));
  if (!json || !json.value().is_object()) return book;
  book.generation = number_of(json.value(), "generation");
  const auto replicas = json.value().find("replicas");
  if (replicas != json.value().end() && replicas->is_object()) {
    for (const auto& [name, count] : replicas->items()) {
      if (count.is_number_unsigned() && count.get<std::uint64_t>() <= 100) book.replicas[name] = count.get<int>();
    }
  }
  const auto instances = json.value().find("instances");
  if (instances == json.value().end() || !instances->is_object()) return book;
  const bool same_boot = base::text_at(json.value(), "boot") == boot_id();
  for (const auto& [name, one] : instances->items()) {
    if (one.is_object()) book.instances[name] = remembered(one, same_boot);
  }
  return book;
}

}  // namespace posix
