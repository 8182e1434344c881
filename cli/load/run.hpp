#pragma once
// The load program at work: started with a plan, read line by line, stopped early when that is wanted. Used by
// `msctl load` and by whatever keeps a load on while it does something else. One thread.

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace load {

class Run {
 public:
  // Starts msctl-load with this document: the one of a ScenarioFile or of make_document(), with addresses under
  // `resolved` (targets.hpp). Errors: not_found (the program is not there), internal.
  static base::Result<Run> start(const base::Json& document);

  // Whether the files that a document names can be used (certificates, protos with methods and messages of the steps);
  // nothing is sent. Errors: as of next().
  static base::Result<void> check(base::Json document);

  Run(Run&& other) noexcept;
  Run& operator=(Run&&) = delete;
  // Ends the program if it still runs.
  ~Run();

  // What it says next: {"event": "progress", …} some times a second, at last {"event": "result", "result": {…}};
  // nothing when `ms` are over before. Errors: what the program could not do (permission, unavailable, invalid,
  // conflict), and internal when it ended without a result.
  base::Result<std::optional<base::Json>> next(int ms);

  // Asks for an early end: the result so far comes within a second or two.
  void stop();

  // Until the result, which it gives. `progress` may be empty; `stopped` is asked some times a second, and true ends
  // the run early.
  base::Result<base::Json> finish(const std::function<void(const base::Json&)>& progress,
                                  const std::function<bool()>& stopped = {});

 private:
  Run() = default;
  base::Result<std::optional<base::Json>> take_line();
  void end();

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string text_;
};

}  // namespace load
