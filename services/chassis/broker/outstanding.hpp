#pragma once
// Published messages that wait for their acknowledgement, gathered into batches: a batch answers when each of its
// messages has an answer, or all at once at its deadline. Thread-safe. Internal to the adapters.
//
// Quiet messages have the answer of the next one that is not. It proves that they are stored when it is new and stands
// as far behind the last one before them, which is new too, as there are messages between: after that one was stored,
// each can have been stored only behind the one before it, and so many were. A repetition proves nothing: it may have
// been there when one before it was refused.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "base/resume.hpp"
#include "services/chassis/broker/broker.hpp"

namespace chassis::broker {

using Results = std::vector<base::Result<Stored>>;

// Filled in under the lock of its Outstanding.
struct Batch {
  std::uint64_t first = 0;  // id of the first message; the others follow
  std::vector<bool> quiet;  // by place; empty when none is
  std::vector<std::optional<base::Result<Stored>>> results;
  std::size_t missing = 0;
  base::Resume<Results> resume;  // empty once it has answered
};

class Outstanding {
 public:
  // `quiet` is empty or has a place for each; in front of quiet ones there is one that is not, and behind them too.
  std::shared_ptr<Batch> add(std::size_t messages, base::Resume<Results> resume, std::vector<bool> quiet = {});
  // The answer to one message; ignored when its batch has answered already.
  void answer(std::uint64_t id, base::Result<Stored> result);
  // Gives every message of the batch that has no answer yet this one.
  void finish(Batch& batch, const base::Error& error);
  void finish_all(const base::Error& error);
  bool answered(const Batch& batch) const;

 private:
  void complete(std::unique_lock<std::mutex> lock, Batch& batch);

  mutable std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Batch>> waiting_;  // by id of the first message
};

}  // namespace chassis::broker
