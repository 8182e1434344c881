#include "cli/drill/judge.hpp"

#include <algorithm>
#include <map>

namespace drill {
namespace {

class Judge {
 public:
  Judge(const std::vector<Attempt>& attempts, const Evidence& evidence) : attempts_(attempts), evidence_(evidence) {
    for (const auto& order : evidence.orders) {
      by_key_[order.key].push_back(&order);
      by_id_[order.id] = &order;
    }
    for (const auto& event : evidence.events) events_[event.order_id][event.id] += 1;
    for (const auto& attempt : attempts) by_attempt_[attempt.key] = &attempt;
    for (const auto& event : evidence.events) {
      const auto* const attempt = attempt_of(event.key);
      if (attempt != nullptr) last_told_us_ = std::max(last_told_us_, attempt->intended_us);
    }
  }

  Verdict run() {
    for (const auto& attempt : attempts_) {
      attempt.what == What::order ? judge_order(attempt) : judge_other(attempt);
    }
    if (evidence_.with_events) judge_events();
    for (const auto& sentence : evidence_.stuck) add(Harm::stuck, last_phase(), sentence);
    return std::move(verdict_);
  }

 private:
  void add(Harm harm, int phase, std::string sentence) {
    verdict_.findings.push_back({harm, phase, std::move(sentence)});
  }

  int last_phase() const { return attempts_.empty() ? 0 : attempts_.back().phase; }

  const Attempt* attempt_of(const std::string& key) const {
    const auto found = by_attempt_.find(key);
    return found == by_attempt_.end() ? nullptr : found->second;
  }

  int phase_of(const std::string& key) const {
    const auto* const attempt = attempt_of(key);
    return attempt == nullptr ? last_phase() : attempt->phase;
  }

  // An outbox sends in the order in which it was written. When the event of an order is there that was sent only after
  // this one was answered, this one's was passed over; else it may still come.
  void judge_missing_event(const SeenOrder& order) {
    const auto* const attempt = attempt_of(order.key);
    const bool passed_over = attempt == nullptr || last_told_us_ >= attempt->done_us;
    const std::string sentence = "order " + order.id + " (" + order.key + ") has no event";
    if (passed_over) return add(Harm::lost, phase_of(order.key), sentence);
    add(Harm::stuck, phase_of(order.key), sentence + " yet, nor has any order after it");
  }

  void judge_other(const Attempt& attempt) {
    if (attempt.outcome != Outcome::acknowledged || !attempt.is_checked || evidence_.there.contains(attempt.key))
      return;
    const std::string what = attempt.what == What::user ? "user " : "";
    add(Harm::lost, attempt.phase, what + attempt.id + " (" + attempt.key + ") was acknowledged and is not there");
  }

  void judge_order(const Attempt& attempt) {
    const auto same = by_key_.find(attempt.key);
    const std::size_t count = same == by_key_.end() ? 0 : same->second.size();
    if (count > 1) {
      add(Harm::twice, attempt.phase,
          "order " + attempt.key + " was sent once and is there " + std::to_string(count) + " times");
    }
    if (attempt.outcome != Outcome::acknowledged) {
      verdict_.took_effect += count > 0 ? 1 : 0;
      return;
    }
    const auto found = by_id_.find(attempt.id);
    if (found == by_id_.end()) {
      add(Harm::lost, attempt.phase,
          "order " + attempt.id + " (" + attempt.key + ") was acknowledged and is not there");
    } else if (found->second->key != attempt.key || !found->second->as_placed) {
      add(Harm::lost, attempt.phase,
          "order " + attempt.id + " (" + attempt.key + ") has another content than was sent");
    }
  }

  void judge_events() {
    for (const auto& order : evidence_.orders) {
      const auto found = events_.find(order.id);
      const std::size_t count = found == events_.end() ? 0 : found->second.size();
      if (count == 0) judge_missing_event(order);
      if (count > 1) {
        add(Harm::twice, phase_of(order.key),
            "order " + order.id + " (" + order.key + ") has " + std::to_string(count) + " different events");
      }
    }
    std::set<std::string> told;
    for (const auto& event : evidence_.events) {
      if (by_id_.contains(event.order_id) || !told.insert(event.order_id).second) continue;
      add(Harm::lost, phase_of(event.key),
          "order " + event.order_id + " (" + event.key + ") has an event and is not there");
    }
    for (const auto& [order, ids] : events_) {
      for (const auto& [id, times] : ids) verdict_.repeated += times - 1;
    }
  }

  const std::vector<Attempt>& attempts_;
  const Evidence& evidence_;
  std::map<std::string, std::vector<const SeenOrder*>> by_key_;
  std::map<std::string, const SeenOrder*> by_id_;
  std::map<std::string, std::map<std::string, std::size_t>> events_;  // by order, then by event
  std::map<std::string, const Attempt*> by_attempt_;                  // by key
  std::int64_t last_told_us_ = -1;  // when the last order was due whose event is there
  Verdict verdict_;
};

}  // namespace

std::string_view name(Harm harm) {
  if (harm == Harm::lost) return "lost";
  return harm == Harm::twice ? "twice" : "stuck";
}

std::size_t Verdict::count(Harm harm) const {
  const auto is = [&](const Finding& one) { return one.harm == harm; };
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), is));
}

std::size_t Verdict::count(Harm harm, int phase) const {
  const auto is = [&](const Finding& one) { return one.harm == harm && one.phase == phase; };
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), is));
}

Verdict judge(const std::vector<Attempt>& attempts, const Evidence& evidence) {
  return Judge(attempts, evidence).run();
}

std::size_t missing_events(const Evidence& evidence) {
  std::set<std::string> told;
  for (const auto& event : evidence.events) told.insert(event.order_id);
  const auto is_missing = [&](const SeenOrder& order) { return !told.contains(order.id); };
  return static_cast<std::size_t>(std::count_if(evidence.orders.begin(), evidence.orders.end(), is_missing));
}

}  // namespace drill
