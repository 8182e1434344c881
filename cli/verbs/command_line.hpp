#pragma once
// The command line as a whole: finds the verb and runs it.

namespace cli {

// Returns the exit code. Prints help and usage errors itself.
int run_command_line(int argc, char** argv);

}  // namespace cli
