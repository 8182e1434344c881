#pragma once
// The names of msctl's own verbs, which no command of a cluster may have. command_line.cpp checks that it has exactly
// these.

#include <algorithm>
#include <array>
#include <string_view>

namespace cli {

inline constexpr std::array verb_names = std::to_array<std::string_view>(
    {"help",     "up",      "down",       "ps",     "start",         "stop",         "restart", "scale",
     "wait",     "logs",    "events",     "top",    "status",        "health",       "graph",   "exec",
     "debug",    "doctor",  "config",     "import", "init",          "new-service",  "update",  "deploy",
     "affected", "version", "completion", "man",    "contract-test", "can-i-deploy", "api",     "load",
     "drill",    "verify",  "schema",     "dlq",    "outbox",        "saga"});

constexpr bool is_verb(std::string_view name) {
  return std::find(verb_names.begin(), verb_names.end(), name) != verb_names.end();
}

}  // namespace cli
