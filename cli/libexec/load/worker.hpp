#pragma once
// One thread of a load run: an epoll loop of its own with its own connections, its share of the schedule, and its own
// counts. Written for two figures: how many requests a core can send (a request costs one send, one receive and a share
// of an epoll_wait; nothing is allocated for it), and how exactly a send keeps to its time (the loop sleeps until
// shortly before, and spins for the rest).

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "cli/libexec/load/connection.hpp"
#include "cli/libexec/load/shared.hpp"

namespace load {

class Worker {
 public:
  // What it does: its share of the plan, or the plan's setup once.
  enum class Job : std::uint8_t { load, setup };

  // Thread `number` of `threads`. `shared` is lent.
  Worker(Shared& shared, Job job, unsigned number, unsigned threads);
  ~Worker();
  Worker(const Worker&) = delete;

  void run();

  // After run(); `slices` at any time.
  std::vector<StepCounts>& counts() { return counts_; }
  const Health& health() const { return health_; }
  const Samples& samples() const { return samples_; }
  std::uint64_t iterations() const { return iterations_; }
  std::uint64_t last_ns() const { return last_ns_; }  // of the last answer
  const std::vector<Value>& captured() const { return captured_; }
  const std::string& broken() const { return broken_; }  // not empty: the loop could not go on
  SliceQueue slices;

 private:
  struct Prepared {  // a step's request as far as it is the same each time
    const Step* step = nullptr;
    std::string bytes;  // whole, when it is static
    bool is_static = false;
    bool keeps = false;  // the answer is looked into
  };
  struct Thinking {
    std::uint64_t until_ns;
    int flow;
    bool operator<(const Thinking& other) const { return until_ns > other.until_ns; }  // the earliest on top
  };

  // worker.cpp: the loop
  bool going_on(std::uint64_t now);
  void wait(std::uint64_t now);
  void learn_waking(double late_ns);
  void handle(std::uint64_t data, std::uint32_t events);
  void dispatch(std::uint64_t now);
  void dispatch_open(std::uint64_t now);
  void check_deadlines(std::uint64_t now);
  void watch_clock(std::uint64_t now);
  void end_of_load(std::uint64_t now);
  void finish();

  // worker_flow.cpp: iterations
  const Scenario& choose();
  int new_flow();
  void start_iteration(int flow, std::uint64_t intended, bool on_time);
  void begin_step(int flow, std::uint64_t intended);
  void end_iteration(int flow, std::uint64_t now, bool well);
  void answered(int connection, std::uint64_t now);
  bool examine(Flow& flow, const Step& step, int status, std::uint64_t now);
  bool redirect(int flow, const Step& step, int status);
  void go_on(int flow, const Step& step, std::uint64_t now);
  void failed(int flow, ErrorKind kind, const std::string& why, std::uint64_t now);

  // worker_request.cpp: what goes out
  void prepare();
  void compose(Flow& flow, const Prepared& prepared, std::string_view target, bool with_body);
  base::Result<void> compose_message(Flow& flow, const Step& step);
  void add_trace(Flow& flow);

  // worker_io.cpp: connections
  void place(int flow, std::uint64_t now);
  int open(std::size_t origin, std::uint64_t now);
  void connected(int connection);
  void start_sending(int connection);
  void send(int connection);
  void readable(int connection);
  bool take(int connection, std::string_view bytes);
  void ended(int connection, int error);
  void release(int connection, bool reusable);
  void close(int connection);
  void lose(int connection, ErrorKind kind, const std::string& why);

  // worker_record.cpp: what is counted
  void count_sent(const Flow& flow, std::uint64_t now);
  void count_latency(const Flow& flow, std::uint64_t now);
  void count_missed(std::size_t step, std::uint64_t due, std::uint64_t now);
  void count_error(const Flow& flow, ErrorKind kind, const std::string& why, std::uint64_t now);
  void note(const Flow& flow, const Step& step, int status, const char* error);
  void turn_slice(std::uint64_t now);
  bool is_warmup(std::uint64_t intended) const { return intended < warm_ns_; }
  const Step& step_of(const Flow& flow) const { return flow.scenario->steps[flow.step]; }

  Shared& shared_;
  const Plan& plan_;
  Job job_;
  Filler filler_;
  std::optional<Arrivals> arrivals_;
  std::optional<std::uint64_t> due_;  // the next arrival
  bool blocked_ = false;              // arrivals wait for a connection
  std::size_t limit_;                 // of requests under way
  std::size_t active_ = 0;
  std::size_t live_flows_ = 0;
  bool ending_ = false;
  std::uint64_t end_ns_ = 0;
  std::uint64_t give_up_ns_ = 0;
  std::uint64_t warm_ns_ = 0;
  std::uint64_t next_check_ns_ = 0;
  std::uint64_t longest_timeout_ns_ = 0;

  Scenario setup_;
  std::vector<const Scenario*> scenarios_;
  std::vector<double> weights_;  // added up
  std::vector<Prepared> prepared_;
  std::vector<ResolvedOrigin> origins_;
  std::vector<std::size_t> turns_;  // which endpoint of an origin is next
  std::vector<std::vector<int>> idle_;
  std::deque<Connection> connections_;
  std::vector<int> free_connections_;
  std::deque<Flow> flows_;
  std::vector<int> free_flows_;
  std::deque<int> waiting_;  // flows that are due and need a connection
  std::priority_queue<Thinking> thinking_;
  std::vector<int> fresh_;  // iterations that begin at the next turn of the loop

  int epoll_ = -1;
  double spin_ns_;
  std::vector<char> buffer_;
  std::string scratch_;
  GrpcSession::Fields metadata_;
  std::string journal_;
  std::uint64_t trace_turn_ = 0;

  std::vector<StepCounts> counts_;
  Slice slice_;
  std::size_t slice_number_ = 0;
  std::uint64_t slice_end_ns_ = 0;
  Health health_;
  Samples samples_;
  std::uint64_t iterations_ = 0;
  std::uint64_t last_ns_ = 0;
  std::uint64_t began_ns_ = 0;
  std::vector<Value> captured_;
  std::string broken_;
};

}  // namespace load
