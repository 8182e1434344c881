#pragma once
// Published messages that wait for their acknowledgement, gathered into batches: a batch answers when each of its
// messages has an answer, or all at once at its deadline. Thread-safe. Internal to broker/nats.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "base/resume.hpp"

namespace chassis::broker {

using Results = std::vector<base::Result<void>>;

// Filled in under the lock of its Outstanding.
struct Batch {
  std::uint64_t first = 0;  // id of the first message; the others follow
  std::vector<std::optional<base::Result<void>>> results;
  std::size_t missing = 0;
  base::Resume<Results> resume;  // empty once it has answered
};

class Outstanding {
 public:
  std::shared_ptr<Batch> add(std::size_t messages, base::Resume<Results> resume);
  // The answer to one message; ignored when its batch has answered already.
  void answer(std::uint64_t id, base::Result<void> result);
  // Gives every message of the batch that has no answer yet this one.
  void finish(Batch& batch, const base::Error& error);
  void finish_all(const base::Error& error);
  bool answered(const Batch& batch) const;

 private:
  void complete(std::unique_lock<std::mutex> lock, Batch& batch);

  mutable std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<Batch>> waiting_;  // by id of the message
};

}  // namespace chassis::broker
