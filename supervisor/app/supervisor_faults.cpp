// Faults on purpose, and room for gates.

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "supervisor/app/supervisor.hpp"

namespace app {
namespace {

using core::Event;
using core::State;

// Whether the text has this number and not merely its digits within a longer one.
bool names_number(const std::string& text, std::uint16_t number) {
  const std::string digits = std::to_string(number);
  const auto is_digit = [&](std::size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  for (auto at = text.find(digits); at != std::string::npos; at = text.find(digits, at + 1)) {
    if ((at == 0 || !is_digit(at - 1)) && !is_digit(at + digits.size())) return true;
  }
  return false;
}

// A program that is told its port as a plain number cannot be moved away from it.
base::Result<void> check_no_fixed_port(const spec::Service& service) {
  for (const auto& [name, port] : service.ports) {
    const bool fixed = std::any_of(service.command.begin(), service.command.end(),
                                   [&](const std::string& word) { return names_number(word, port); }) ||
                       std::any_of(service.env.begin(), service.env.end(),
                                   [&](const auto& variable) { return names_number(variable.second, port); });
    if (!fixed) continue;
    return base::fail(base::ErrorCode::invalid, "no gate can stand before " + service.name +
                                                    ": its command or env names port " + std::to_string(port) +
                                                    " as a plain number; write ${port:" + name + "}");
  }
  return base::success();
}

}  // namespace

base::Result<Supervisor::Hit> Supervisor::hit(const std::string& name,
                                              void (ports::ProcessHost::*blow)(const ports::Slot&),
                                              const std::string& what) {
  TRY(const auto instances, find(name));
  Hit hit;
  for (const Instance* one : instances) {
    if (!one->process() || !one->slot()) continue;
    hit.emplace_back(one->name(), one->process()->pid);
    tell(*one, std::string(core::name(one->state())), what);
    (outside_.host.*blow)(*one->slot());
  }
  if (hit.empty()) return base::fail(base::ErrorCode::conflict, name + " has no process; start it with `msctl start`");
  return hit;
}

base::Result<Supervisor::Hit> Supervisor::shoot(const std::string& name) {
  return hit(name, &ports::ProcessHost::shoot, "a fault was asked for: SIGKILL");
}

base::Result<Supervisor::Hit> Supervisor::freeze(const std::string& name) {
  return hit(name, &ports::ProcessHost::suspend, "a fault was asked for: SIGSTOP");
}

void Supervisor::thaw(const std::string& name) {
  static_cast<void>(hit(name, &ports::ProcessHost::resume, "the fault is over: SIGCONT"));
}

base::Result<Runtime*> Supervisor::movable(const std::string& name) {
  TRY(check_running());
  TRY(Runtime* const runtime, service(name));
  const auto cannot = [&](const std::string& why) {
    return base::fail(base::ErrorCode::invalid, "no gate can stand before " + name + ": " + why);
  };
  if (runtime->service->source == spec::Source::external) return cannot("it lives elsewhere");
  if (runtime->service->ports.empty()) return cannot("it has no ports");
  if (!runtime->moved.empty()) return base::fail(base::ErrorCode::conflict, name + " has a gate before it already");
  if (runtime->roll) return base::fail(base::ErrorCode::conflict, name + " is in a rolling restart; try again");
  if (!runtime->any([](const Instance& one) { return one.state() == State::ready; })) {
    return base::fail(base::ErrorCode::conflict, name + " is not ready; see `msctl ps`");
  }
  return runtime;
}

base::Result<std::vector<MovedPort>> Supervisor::move(const std::string& name) {
  TRY(Runtime* const runtime, movable(name));
  for (const auto& one : runtime->instances) {
    TRY(check_no_fixed_port(one->service()));
  }
  std::vector<MovedPort> all;
  for (const auto& one : runtime->instances) {
    spec::Service left = one->service();  // instances share held sockets
    std::erase_if(left.ports, [&](const auto& port) {
      return std::any_of(all.begin(), all.end(), [&](const MovedPort& known) { return known.front == port.second; });
    });
    if (left.ports.empty()) continue;
    auto moved = outside_.plans.move_ports(left);
    if (!moved) {
      move_back(name, all);
      for (const auto& port : all) {
        if (port.fd >= 0) ::close(port.fd);
      }
      return moved.error();
    }
    all.insert(all.end(), moved.value().begin(), moved.value().end());
  }
  for (const auto& port : all) runtime->moved[port.front] = port.back;
  roll_to_ports(*runtime);
  return all;
}

void Supervisor::move_back(const std::string& name, const std::vector<MovedPort>& ports) {
  const auto found = services_.find(name);
  if (found == services_.end()) return;
  Runtime& runtime = found->second;
  runtime.moved.clear();
  for (const auto& port : ports) {
    if (port.fd >= 0) outside_.plans.move_back(*runtime.service, port);
  }
  roll_to_ports(runtime);
}

// Those that run at other ports than they should are replaced; the rest just takes note.
void Supervisor::roll_to_ports(Runtime& runtime) {
  if (mode_ != Mode::running || runtime.removed) return;
  end_roll(runtime, "its ports change");
  auto roll = std::make_unique<Roll>();
  for (const auto& one : runtime.instances) {
    auto own = own_of(runtime, one->number());
    if (own.ports == one->service().ports) continue;
    if (is_replaceable(*one)) {
      roll->left.push_back(one->number());
    } else {
      one->renew(std::make_shared<const spec::Service>(std::move(own)));
    }
  }
  if (roll->left.empty()) return;
  runtime.roll = std::move(roll);
  rolling_.insert(runtime.service->name);
  advance();
}

Supervisor::Moving Supervisor::moving(const std::string& name, bool alone) const {
  const auto found = services_.find(name);
  if (found == services_.end()) return Moving::failed;
  const Runtime& runtime = found->second;
  // A roll lasts until the last one that it replaced has ended.
  const bool still_rolls = runtime.roll && (alone || runtime.roll->current != 0 || !runtime.roll->left.empty());
  if (still_rolls) return Moving::under_way;
  const bool any_before = std::any_of(runtime.leaving.begin(), runtime.leaving.end(), [&](const auto& one) {
    return is_active(*one) && (alone || one->state() != State::stopping);
  });
  if (any_before) return Moving::under_way;
  for (const auto& one : runtime.instances) {
    if (own_of(runtime, one->number()).ports != one->service().ports) return Moving::failed;
    if (one->state() == State::failed) return Moving::failed;
    if (is_active(*one) && one->state() != State::ready) return Moving::under_way;
  }
  return Moving::there;
}

}  // namespace app
