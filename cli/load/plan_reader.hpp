#pragma once
// What plan.cpp and plan_steps.cpp share while a document becomes a plan. Internal; one thread.

#include <string>
#include <vector>

#include "cli/load/plan.hpp"

namespace load {

class PlanReader {
 public:
  PlanReader(const base::Json& document, bool with_addresses) : document_(document), with_addresses_(with_addresses) {}

  PlanReading read();

 private:
  // What a step takes from what is around it.
  struct Around {
    const base::Json* headers = nullptr;
    const base::Json* auth = nullptr;
    std::string auth_at;
    bool auth_used = false;
    std::string auth_why;  // the last mistake in it
  };

  void complain(const std::string& pointer, const std::string& message);
  std::uint64_t duration(const base::Json& from, const char* key, const std::string& at, std::uint64_t fallback);

  void read_data();
  void read_variables();
  void read_load();
  void read_stages(const base::Json& load);
  void read_limits();
  void read_scenarios();
  void read_thresholds(const base::Json& from, const std::string& at, const std::string& step);
  void check_threshold_steps();

  std::vector<Step> read_steps(const base::Json& steps, const std::string& at, const std::string& scenario,
                               Around around);
  Step read_step(const base::Json& json, const std::string& at, const std::string& scenario, Around& around);
  void read_request(const base::Json& json, const std::string& at, Step& step);
  void read_body(const base::Json& json, const std::string& at, Step& step);
  void read_headers(const base::Json& headers, const std::string& at, Step& step);
  void read_auth(Step& step, Around& around);
  void read_expect(const base::Json& expect, const std::string& at, Step& step);
  void read_captures(const base::Json& captures, const std::string& at, Step& step);
  void read_pause(const base::Json& json, const std::string& at, Step& step);
  std::size_t origin(const std::string& target, const std::string& at, bool is_grpc, std::string& base_path);
  Text text(const std::string& value, Escape escape, const std::string& at);

  const base::Json& document_;
  bool with_addresses_;
  PlanReading out_;
  Names names_;
  std::uint64_t timeout_ns_ = 0;
  std::size_t steps_ = 0;
};

// The method and where it is written, of a step: {"GET", "get"}; empty when there is none or more than one.
struct Verb {
  std::string method;
  std::string key;
};
std::vector<Verb> verbs_of(const base::Json& step);

std::string text_of(const base::Json& scalar);

}  // namespace load
