#include "cli/verbs/command_line.hpp"
#include "supervisor/app/supervise.hpp"

// One binary: `up` starts it again as the supervisor of the cluster.
int main(int argc, char** argv) {
  if (app::asks_to_supervise(argc, argv)) return app::supervise(argc, argv);
  return cli::run_command_line(argc, argv);
}
