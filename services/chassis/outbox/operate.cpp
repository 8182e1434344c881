// What an operator may ask of an outbox.
#include <algorithm>

#include "services/chassis/outbox/housekeeping.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/outbox/rounds.hpp"
#include "services/chassis/outbox/store.hpp"

namespace chassis::outbox {
namespace {

using base::Json;
using base::Result;

constexpr std::int64_t shown_parked_events = 100;

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

base::Error expected() {
  return base::fail(base::ErrorCode::malformed,
                    "expected {\"drop\": ID} or {\"replay\": WHAT}, where WHAT is one of {\"event\": ID}, "
                    "{\"since\": TIME in UTC, such as 2026-11-21T06:30:00Z}, {\"parked\": true}, {\"all\": true}");
}

Result<Choice> choice_of(const Json& what) {
  if (!what.is_object() || what.size() != 1) return expected();
  const auto one = what.begin();
  if (one.key() == "event" && one->is_string()) return Choice{Choice::Kind::event, one->get<std::string>()};
  if (one.key() == "parked" && *one == true) return Choice{Choice::Kind::parked, {}};
  if (one.key() == "all" && *one == true) return Choice{Choice::Kind::all, {}};
  if (one.key() != "since" || !one->is_string()) return expected();
  const auto time = one->get<std::string>();
  const auto milliseconds = time.ends_with('Z') ? to_milliseconds(time) : 0;
  if (milliseconds == 0) return expected();
  return Choice{Choice::Kind::since, base::to_rfc3339(base::Wall(std::chrono::milliseconds(milliseconds)))};
}

base::Task<Result<Json>> tell(Store& store, const base::Clock& clock) {
  CO_TRY(const auto counts, co_await store.count());
  CO_TRY(const auto events, co_await store.parked(shown_parked_events));
  Json told{{"unsent", counts.unsent},
            {"oldest_unsent_age_s", nullptr},
            {"parked", counts.parked},
            {"last_sent_at", or_null(counts.last_sent_at)},
            {"relay", or_null(counts.lease.owner)},
            {"last_sequence", counts.lease.last_sequence},
            {"parked_events", events}};
  if (!counts.oldest_created_at.empty()) {
    const auto age = clock.wall().time_since_epoch().count() - to_milliseconds(counts.oldest_created_at);
    told["oldest_unsent_age_s"] = static_cast<double>(std::max<std::int64_t>(age, 0)) / 1'000;
  }
  co_return told;
}

}  // namespace

base::Task<Result<Json>> Relay::operate(Json request) {
  if (request.is_null()) co_return co_await tell(*store_, env_.clock);
  if (!request.is_object() || request.size() != 1) co_return expected();
  std::int64_t rows = 1;
  if (const auto drop = request.find("drop"); drop != request.end()) {
    if (!drop->is_string()) co_return expected();
    CO_TRY(co_await store_->drop(drop->get<std::string>()));
    env_.log.warning("an operator dropped a parked event", {{"event_id", *drop}});
  } else {
    CO_TRY(auto choice, choice_of(request.value("replay", Json())));
    const bool is_one = choice.kind == Choice::Kind::event;
    CO_TRY(rows, co_await store_->replay(std::move(choice)));
    if (is_one && rows == 0) {
      co_return base::fail(base::ErrorCode::not_found,
                           "no event of this id was sent or parked; it may still wait, or have been removed");
    }
    env_.log.info("an operator had events sent again", {{"which", request["replay"]}, {"events", rows}});
  }
  wake();
  Json done{{"rows", rows}};
  co_return done;
}

}  // namespace chassis::outbox
