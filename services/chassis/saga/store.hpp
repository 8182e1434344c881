#pragma once
// The rows of sagas, each function a part of somebody's transaction. Internal to saga.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/saga/core.hpp"

namespace chassis::saga {

// For one transaction of the saga's own.
inline constexpr std::chrono::seconds patience{5};

// How far a count goes: one that is larger costs too much to be exact.
inline constexpr std::int64_t count_limit = 100'000;

struct Instance {
  std::string id;
  State state;
  std::string started_at;
  std::string updated_at;
  std::optional<std::int64_t> deadline;  // Unix milliseconds
  std::int64_t retries = 0;              // of compensations, of all steps
  std::string traceparent;
  std::string tracestate;
  std::string request_id;
};

// Both forms of one moment, which the rows hold.
struct Moment {
  std::string text;  // RFC 3339
  std::int64_t milliseconds;
};
Moment moment_of(base::Wall wall);

base::Result<void> add_instance(db::Transaction& tx, const std::string& kind, const Instance& instance);
base::Result<std::optional<Instance>> find_instance(db::Transaction& tx, const std::string& kind,
                                                    const std::string& id);
// Writes state, deadline and retries.
base::Result<void> keep_instance(db::Transaction& tx, const Instance& instance, const Moment& now);

// Newest first, at most `limit`, only those older than `before` when it is not empty.
base::Result<std::vector<Instance>> list_instances(db::Transaction& tx, const std::string& kind,
                                                   std::optional<Phase> phase, const std::string& before,
                                                   std::int64_t limit);
// Those whose deadline has passed, the longest past first.
base::Result<std::vector<std::string>> due(db::Transaction& tx, const std::string& kind, std::int64_t now,
                                           std::int64_t limit);
// What has a deadline after `latest` gets that one: it was written before the clock was set back.
base::Result<void> bring_forward(db::Transaction& tx, const std::string& kind, std::int64_t latest);
base::Result<std::int64_t> count(db::Transaction& tx, const std::string& kind, Phase phase);
// Those that have been compensating since before that.
base::Result<std::int64_t> count_compensating(db::Transaction& tx, const std::string& kind, std::int64_t since);

// A step was asked for, for the first time.
base::Result<void> begin_step(db::Transaction& tx, const std::string& id, std::size_t position, const Moment& now);
// It came to its end, for now: `state` is done, refused, timed_out or compensated. The time of the first one is kept:
// how long its compensation took is not the step's time.
base::Result<void> end_step(db::Transaction& tx, const std::string& id, std::size_t position, const std::string& state,
                            const std::string& detail, const Moment& now);
// How often it, or its compensation, was asked for.
base::Result<std::int64_t> attempts_of(db::Transaction& tx, const std::string& id, std::size_t position);
// Its compensation is asked for, and the step itself has ended by now; `detail` is written when it is not empty.
base::Result<void> undo_step(db::Transaction& tx, const std::string& id, std::size_t position,
                             const std::string& detail, const Moment& now);
// The rows of an instance's steps as the door shows them, by position.
base::Result<std::vector<std::pair<std::size_t, base::Json>>> list_steps(db::Transaction& tx, const std::string& id);

}  // namespace chassis::saga
