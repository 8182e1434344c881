#pragma once
// A load run, ready to be carried out: what a scenario file or a one-liner says, decoded and checked. The document it
// is read from is JSON in the keys of scenario.schema.json, with the data files' rows and the addresses of services put
// in by msctl; the same document goes to the load program, which reads it by the same function. Plain values; pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/pattern/pattern.hpp"
#include "cli/load/schedule.hpp"
#include "cli/load/text.hpp"
#include "cli/load/threshold.hpp"

namespace load {

enum class Protocol : std::uint8_t { http, https, grpc, grpcs };

// Where requests go. Steps that go to the same place share connections.
struct Origin {
  Protocol protocol = Protocol::http;
  std::string host;                  // as in the URL, without brackets
  std::vector<std::uint16_t> ports;  // one per instance of a service
  std::string service;               // of the cluster, or empty
  std::string authority;             // for the Host header
};

struct Capture {
  enum class From : std::uint8_t { json, header, regex, status, body } from = From::json;
  std::size_t slot = 0;
  std::string name;
  std::string where;  // JSON pointer, or name of the header
  std::optional<base::Pattern> pattern = {};
};

struct Expectation {
  std::vector<std::pair<int, int>> statuses;  // ranges; none: below 400, or OK with gRPC
  std::vector<std::pair<std::string, base::Json>> json;
  std::vector<std::pair<std::string, base::Pattern>> headers;
  std::optional<base::Pattern> body = {};
};

struct Pause {
  std::uint64_t least_ns = 0;
  std::uint64_t most_ns = 0;
};

struct Step {
  std::string name;
  std::string scenario;
  std::size_t index = 0;  // among all steps of the plan
  std::size_t origin = 0;
  std::string method;
  Text target;  // path and query
  std::vector<std::pair<std::string, Text>> headers;
  Text body;
  std::vector<Capture> captures;
  Expectation expect;
  Pause think;                   // after its answer
  std::uint64_t timeout_ns = 0;  // from the send
  int redirects = 0;             // followed at most
  std::string grpc_method;       // "package.Service/Method"; the body is the message as JSON

  bool needs_body() const;  // of the answer
};

struct Scenario {
  std::string name;
  double weight = 1;
  std::vector<Step> steps;
};

struct Budget {
  std::uint64_t errors = 0;  // 0: no limit
  std::uint64_t requests = 0;
  std::uint64_t time_ns = 0;
};

struct Tls {
  std::string ca;  // file; empty: the machine's
  std::string certificate;
  std::string key;
  bool insecure = false;
};

struct Plan {
  std::string name;
  std::vector<Origin> origins;
  std::vector<Step> setup;  // once, before the load
  std::vector<Scenario> scenarios;
  std::vector<DataSet> data;
  std::vector<Value> slots;  // values that variables have at the begin of an iteration

  bool open = true;
  std::vector<Stage> stages;  // open
  bool poisson = false;
  std::uint64_t duration_ns = 0;
  std::uint64_t warmup_ns = 0;
  unsigned connections = 0;  // closed: how many; open: at most
  unsigned threads = 1;
  std::uint64_t seed = 1;
  std::string run;  // a word that differs from run to run: ${run}

  Budget budget;
  Tls tls;
  std::vector<std::string> allowed_hosts;
  std::vector<Threshold> thresholds;
  std::string descriptors;          // gRPC: file with a FileDescriptorSet
  std::vector<std::string> protos;  // or .proto files
  unsigned trace_every = 0;         // one of so many requests carries a traceparent of ours; 0: none
  std::string journal;              // file that gets a line for each answer of a step with captures
  std::uint64_t warn_late_ns = 1'000'000;

  std::size_t step_count() const;
};

// "NOT_FOUND" of 5: the status codes of gRPC. Empty for a number that is none.
std::string_view grpc_code(int status);

// A mistake in the document: where (JSON pointer) and what.
struct Complaint {
  std::string pointer;
  std::string message;
};

// The document has passed the schema. Services need addresses under `resolved` only when `with_addresses`.
struct PlanReading {
  Plan plan;
  std::vector<Complaint> complaints;  // none: the plan is good
};
PlanReading read_plan(const base::Json& document, bool with_addresses = true);

// Whether there are files that only the load program can judge: certificates, protos.
bool names_files(const base::Json& document);

// The services of the cluster that the document asks for, as SERVICE.PORT ("gateway.http").
std::vector<std::string> services_of(const base::Json& document);

}  // namespace load
