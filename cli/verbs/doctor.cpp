#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "cli/machine/cluster_checks.hpp"
#include "cli/machine/machine_checks.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using machine::Finding;
using machine::Findings;
using machine::Level;

bool has_limits(const spec::Cluster& cluster) {
  return std::any_of(cluster.services.begin(), cluster.services.end(), [](const auto& one) {
    const auto& limits = one.second.resources;
    return limits.memory_bytes != 0 || limits.cpus != 0 || limits.open_files != 0;
  });
}

void append(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void check_cluster(const Place& place, const spec::Cluster& cluster, Findings& all) {
  append(all, machine::check_programs(cluster));
  append(all, machine::check_ports(cluster));
  append(all, machine::check_events(cluster));
  append(all, machine::check_leftovers(cluster, place.client().status().has_value()));
  all.push_back(machine::check_disk(cluster));
}

Findings find_all() {
  Findings all;
  const auto place = find_place();
  if (!place) {
    all = machine::check_machine(machine::read_kernel(), "/", false);
    all.push_back({"cluster", Level::warn, place.error().message, "cd to the folder of a msctl.yaml"});
    return all;
  }
  auto cluster = place.value().load();
  all = machine::check_machine(machine::read_kernel(), "/", cluster && has_limits(cluster.value()));
  if (!cluster) {
    std::istringstream mistakes(cluster.error().message);  // one a line
    for (std::string line; std::getline(mistakes, line);) {
      all.push_back({"cluster", Level::fail, line, "correct " + place.value().file.string()});
    }
    return all;
  }
  all.push_back({"cluster", Level::ok,
                 cluster.value().name + ", " + std::to_string(cluster.value().services.size()) + " services", ""});
  check_cluster(place.value(), cluster.value(), all);
  return all;
}

std::string text_of(const Findings& findings) {
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  std::size_t width = 0;
  for (const auto& one : findings) width = std::max(width, one.check.size());
  std::string text;
  for (const auto& one : findings) {
    const auto colour = one.level == Level::ok     ? Style::Colour::green
                        : one.level == Level::warn ? Style::Colour::yellow
                                                   : Style::Colour::red;
    std::string level = machine::name(one.level);
    level.resize(4, ' ');
    std::string check = one.check;
    check.resize(width, ' ');
    text += style.paint(colour, level) + "  " + check + "  " + printable(one.text) + "\n";
    if (!one.remedy.empty()) text += std::string(width + 8, ' ') + "-> " + printable(one.remedy) + "\n";
  }
  const auto count = [&](Level level) {
    return std::count_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.level == level; });
  };
  return text + "\n" + std::to_string(count(Level::ok)) + " ok, " + std::to_string(count(Level::warn)) +
         " to look at, " + std::to_string(count(Level::fail)) + " in the way\n";
}

base::Json document_of(const Findings& findings) {
  base::Json list = base::Json::array();
  for (const auto& one : findings) {
    list.push_back(
        {{"check", one.check}, {"level", machine::name(one.level)}, {"text", one.text}, {"remedy", one.remedy}});
  }
  return list;
}

int doctor(Format format) {
  const Findings findings = find_all();
  print(format == Format::table ? text_of(findings) : format_document(document_of(findings), format));
  const bool bad =
      std::any_of(findings.begin(), findings.end(), [](const Finding& one) { return one.level == Level::fail; });
  return bad ? failed : ok;
}

}  // namespace

void add_doctor(Verbs& verbs) {
  auto format = std::make_shared<Format>(Format::table);
  verbs.add("doctor", "Check the machine and what this cluster needs of it; each finding with its remedy")
      .output(*format)
      .footer(
          "Examples:\n  msctl doctor\n  msctl doctor --output json | jq '.[] | select(.level != \"ok\")'\n"
          "Exit codes: 0 nothing is in the way (there may be warnings), 1 something is.")
      .run([format] { return doctor(*format); });
}

}  // namespace cli
