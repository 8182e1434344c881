#pragma once
// The commands of msctl-broker: one process per question to NATS JetStream or Redis Streams, answers as JSON lines;
// README.md has them.

#include <iosfwd>
#include <string>
#include <vector>

namespace broker {

// `arguments` without the program's name. Exit codes: 0 done, 1 the broker refused or cannot be reached, 2 usage; one
// sentence on `err` for the last two. Blocking; throws nothing.
int run(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace broker
