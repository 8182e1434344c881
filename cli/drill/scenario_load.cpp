#include "cli/drill/scenario_load.hpp"

#include <algorithm>
#include <array>

#include "cli/load/command.hpp"
#include "cli/load/run.hpp"

namespace drill {
namespace {

using base::Json;
using base::Result;

constexpr int wait_ms = 50;

std::int64_t wall_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace

std::optional<std::string> path_with(const std::string& path, const std::map<std::string, std::string>& values) {
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    const auto open = path.find("${", at);
    out += path.substr(at, open == std::string::npos ? open : open - at);
    if (open == std::string::npos) break;
    const auto close = path.find('}', open);
    if (close == std::string::npos) return std::nullopt;
    const auto value = values.find(path.substr(open + 2, close - open - 2));
    if (value == values.end() || value->second.empty()) return std::nullopt;
    out += base::http::percent_encode(value->second);
    at = close + 1;
  }
  return out;
}

Result<void> check_read_back(const std::string& path) {
  const auto open = path.find("${");
  const bool good = path.starts_with('/') && open != std::string::npos && path.find('}', open) != std::string::npos;
  if (good) return base::success();
  return base::fail(base::ErrorCode::malformed,
                    "--read-back: expected a path with a captured value, such as /api/v1/orders/${order}, got " + path);
}

ScenarioLoad::ScenarioLoad(ScenarioOptions options) : options_(std::move(options)) {
  wall_offset_us_ = wall_us() - now_us();
  auto& document = options_.document;
  load::set_rate(document, options_.rate, static_cast<double>(options_.at_most.count()) / 1000);
  document["journal"] = options_.journal.string();
  document.erase("thresholds");  // a fault is supposed to be felt
  document.erase("budget");
  phases_.emplace_back(0, 1);
}

ScenarioLoad::~ScenarioLoad() {
  stop();
  std::error_code ignored;
  std::filesystem::remove(options_.journal, ignored);
}

void ScenarioLoad::start() {
  thread_ = std::thread([this] { run(); });
}

void ScenarioLoad::run() {
  auto program = load::Run::start(options_.document);
  base::Result<std::optional<Json>> said = std::optional<Json>();
  if (!program) said = program.error();
  bool told_to_stop = false;
  while (said && !(said.value() && said.value()->value("event", "") == "result")) {
    if (stopping_ && !std::exchange(told_to_stop, true)) program.value().stop();
    said = program.value().next(wait_ms);
    const std::lock_guard lock(mutex_);
    read_journal();
  }
  const std::lock_guard lock(mutex_);
  read_journal();
  if (!said) problem_ = said.error().message;
  if (said && !stopping_) problem_ = "the load ended before the drill was over";
}

void ScenarioLoad::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void ScenarioLoad::enter(int phase) {
  const auto now = now_us();
  const std::lock_guard lock(mutex_);
  phases_.emplace_back(now, phase);
}

void ScenarioLoad::read_journal() {
  if (!journal_.is_open()) journal_.open(options_.journal);
  if (!journal_.is_open()) return;
  journal_.clear();  // of the end of file that was met before
  std::array<char, 16 * 1024> block{};
  while (journal_.read(block.data(), block.size()) || journal_.gcount() > 0) {
    rest_.append(block.data(), static_cast<std::size_t>(journal_.gcount()));
  }
  std::size_t at = 0;
  for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', at)) {
    if (const auto line = base::parse_json(std::string_view(rest_).substr(at, end - at))) take(line.value());
    at = end + 1;
  }
  rest_.erase(0, at);
}

void ScenarioLoad::take(const Json& line) {
  if (!line.is_object()) return;
  Entry entry;
  Attempt& attempt = entry.attempt;
  attempt.what = What::step;
  attempt.done_us = line.value("time_us", std::int64_t{0}) - wall_offset_us_;
  attempt.intended_us = attempt.done_us - line.value("took_us", std::int64_t{0});
  if (attempt.intended_us < 0) return;  // of the set-up
  attempt.key = line.value("step", "") + "#" + std::to_string(entries_.size());
  attempt.status = line.value("status", 0);
  attempt.problem = line.value("error", "");
  attempt.outcome = attempt.problem.empty() ? Outcome::acknowledged : Outcome::refused;
  for (const auto& [from, phase] : phases_) {
    if (attempt.intended_us >= from) attempt.phase = phase;
  }
  std::map<std::string, std::string> values;
  const auto captured = line.find("values");
  if (captured != line.end() && captured->is_object()) {
    for (const auto& [name, value] : captured->items()) {
      if (!value.is_string()) continue;
      values[name] = value.get<std::string>();
      attempt.id += (attempt.id.empty() ? "" : " ") + name + " " + values[name];
    }
  }
  for (const auto& pattern : options_.read_back) {
    if (auto path = path_with(pattern, values)) entry.paths.push_back(std::move(*path));
  }
  attempt.is_checked = !entry.paths.empty();
  entries_.push_back(std::move(entry));
}

std::vector<Attempt> ScenarioLoad::attempts(std::int64_t from_us) const {
  std::vector<Attempt> copy;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& entry : entries_) {
      if (entry.attempt.intended_us >= from_us) copy.push_back(entry.attempt);
    }
  }
  std::stable_sort(copy.begin(), copy.end(),
                   [](const Attempt& a, const Attempt& b) { return a.intended_us < b.intended_us; });
  return copy;
}

std::string ScenarioLoad::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

std::string ScenarioLoad::text() const {
  const std::string name = options_.document.value("name", "");
  return rate_text(options_.rate) + (name.empty() ? " iterations" : " of scenario " + name) + " a second";
}

Result<Evidence> ScenarioLoad::look(const std::string& /*since*/, Ms within,
                                    const std::function<bool()>& stopped) const {
  const auto is_good = [](const Entry& one) { return one.attempt.outcome == Outcome::acknowledged; };
  const auto has_path = [&](const Entry& one) { return is_good(one) && !one.paths.empty(); };
  if (!options_.read_back.empty() && std::any_of(entries_.begin(), entries_.end(), is_good) &&
      std::none_of(entries_.begin(), entries_.end(), has_path)) {
    return base::fail(base::ErrorCode::conflict, "--read-back " + options_.read_back.front() +
                                                     ": no answer captured what it names, so nothing could be read "
                                                     "back; see `capture` in the scenario");
  }
  Evidence evidence;
  const Witness witness(options_.door, "", options_.stream);
  std::map<std::string, bool> known;
  for (const auto& entry : entries_) {
    if (stopped()) break;
    if (entry.attempt.outcome != Outcome::acknowledged || entry.paths.empty()) continue;
    bool all = true;
    for (const auto& path : entry.paths) {
      auto found = known.find(path);
      if (found == known.end()) {
        TRY(const bool is_there, witness.is_there(path));
        found = known.emplace(path, is_there).first;
      }
      all = all && found->second;
    }
    if (all) evidence.there.insert(entry.attempt.key);
  }
  TRY(evidence.stuck, witness.await_consumers(within, stopped));
  return evidence;
}

}  // namespace drill
