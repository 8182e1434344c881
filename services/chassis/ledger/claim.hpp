#pragma once
// What a call's context carries of the ledger entry that its work is to write. Internal to ledger.

#include <atomic>
#include <cstdint>

#include "services/chassis/ledger/ledger.hpp"

namespace chassis::ledger {

// Shared by the task that waits for the work and the database's thread that runs its transaction.
class Claim {
 public:
  Claim(Key key, std::int64_t now_ms);

  // Writes the entry. Errors: conflict when there is one.
  base::Result<void> write(db::Transaction& tx, const base::Json& entry);

  const Key& key() const { return key_; }
  bool is_kept() const { return is_kept_; }
  bool is_lost() const { return is_lost_; }

 private:
  const Key key_;
  const std::int64_t now_ms_;
  std::atomic<bool> is_kept_{false};  // in a transaction that may still fail to commit
  std::atomic<bool> is_lost_{false};  // somebody else's entry was there
};

}  // namespace chassis::ledger
