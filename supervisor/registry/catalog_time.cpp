// What time does to the catalog: TTLs that pass, questions that fall due, services that were critical for too long.
#include <algorithm>

#include "supervisor/registry/catalog.hpp"

namespace registry {
namespace {

bool is_asked(const Check& check) {
  return check.definition.kind == CheckKind::http || check.definition.kind == CheckKind::tcp;
}

Question question_of(const std::string& id, const Check& check) {
  const auto& definition = check.definition;
  return {id, check.serial, definition.kind, definition.port, definition.path, definition.timeout};
}

base::Monotonic reap_time(const Check& check) {
  if (check.definition.deregister_after == Ms(0) || check.critical_since == base::Monotonic::max()) {
    return base::Monotonic::max();
  }
  return check.critical_since + check.definition.deregister_after;
}

std::string shortened(const std::string& output) {
  if (output.size() <= max_output_bytes) return output;
  return output.substr(0, max_output_bytes) + " ... (captured " + std::to_string(max_output_bytes) + " of " +
         std::to_string(output.size()) + " bytes)";
}

}  // namespace

void Catalog::start_clock(Check& check) const {
  const auto ttl = check.definition.ttl;
  check.expires = ttl > Ms(0) ? clock_.monotonic() + ttl : base::Monotonic::max();
}

// A new output alone wakes nobody: outputs of probes hold times, and every watcher would be told at each interval.
void Catalog::set_status(Check& check, Status status, const std::string& output) {
  check.output = shortened(output);
  check.streak = 0;
  if (check.status == status) return;
  check.status = status;
  check.critical_since = status == Status::critical ? clock_.monotonic() : base::Monotonic::max();
  touch(check.service_id, false);
  check.modify_index = index_;
}

std::vector<Question> Catalog::advance() {
  const auto now = clock_.monotonic();
  const auto before = index_;
  std::vector<Question> due;
  for (auto& [id, check] : checks_) {
    if (check.expires <= now) {
      check.expires = base::Monotonic::max();
      const std::string last = check.output.empty() ? "" : " (last output before timeout follows): " + check.output;
      set_status(check, Status::critical, "TTL expired" + last);
    }
    if (is_asked(check) && check.next_run <= now) {
      check.next_run = base::Monotonic::max();
      due.push_back(question_of(id, check));
    }
  }
  reap();
  if (index_ != before) notify();
  return due;
}

void Catalog::reap() {
  const auto now = clock_.monotonic();
  std::set<std::string> gone;
  for (const auto& [id, check] : checks_) {
    if (!check.service_id.empty() && reap_time(check) <= now) gone.insert(check.service_id);
  }
  for (const auto& id : gone) {
    auto& instance = instances_.at(id);
    if (!instance.supervised) {
      erase(id);
    } else if (instance.listing == Listing::listed) {
      unlist(instance, Listing::reaped);
    }
  }
}

void Catalog::answered(const Question& question, Status status, const std::string& output) {
  const auto found = checks_.find(question.check_id);
  if (found == checks_.end() || found->second.serial != question.serial) return;
  auto& check = found->second;
  check.next_run = clock_.monotonic() + check.definition.interval;
  const int needed = status == Status::critical ? check.definition.failures : check.definition.successes;
  if (status != check.status && ++check.streak < needed) {
    check.output = shortened(output);
  } else {
    set_status(check, status, output);
  }
  list_again(check.service_id);
  notify();
}

base::Monotonic Catalog::next_deadline() const {
  auto next = base::Monotonic::max();
  for (const auto& [id, check] : checks_) {
    next = std::min({next, check.expires, check.next_run});
    const auto owner = instances_.find(check.service_id);
    // A reaped instance of the supervisor is not reaped again.
    if (owner != instances_.end() && owner->second.listing == Listing::listed) next = std::min(next, reap_time(check));
  }
  return next;
}

}  // namespace registry
