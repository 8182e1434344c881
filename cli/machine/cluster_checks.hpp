#pragma once
// What a cluster needs of the machine it is on: its programs, its ports, its state folder; and
// what in its files is sound and still looks like a mistake. Reads only.

#include "cli/machine/finding.hpp"
#include "supervisor/spec/cluster.hpp"

namespace machine {

// Each program that a service, a build or a command of the cluster starts.
Findings check_programs(const spec::Cluster& cluster);

// Each fixed port: free, held by the cluster itself, or by whom.
Findings check_ports(const spec::Cluster& cluster);

// Events that a service consumes and no service says to publish: a mistyped name, or a publisher elsewhere.
Findings check_events(const spec::Cluster& cluster);

// What a supervisor that was killed left: socket, processes. `answers`: one runs and answers.
Findings check_leftovers(const spec::Cluster& cluster, bool answers);

// Room where the cluster keeps its data and logs.
Finding check_disk(const spec::Cluster& cluster);

}  // namespace machine
