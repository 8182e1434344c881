#include <algorithm>
#include <chrono>
#include <memory>

#include "base/clock.hpp"
#include "cli/session/log_time.hpp"
#include "cli/session/operations.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using base::ErrorCode;
using base::Json;

struct OutboxOptions {
  PlaceOptions place;
  std::string action;
  std::vector<std::string> services;
  std::string event;
  std::string since;
  bool parked = false;
  bool all = false;
  Format format = Format::table;
};

base::Error bad_choice(const std::string& what) { return base::fail(ErrorCode::malformed, what); }

std::string text_or_dash(const Json& value) { return value.is_string() ? value.get<std::string>() : "-"; }

std::string age_or_dash(const Json& seconds) {
  return seconds.is_number() ? format_duration(seconds.get<double>()) : "-";
}

std::string outbox_table(const Json& document) {
  std::vector<Row> rows;
  std::vector<Row> parked;
  for (const auto& one : document) {
    rows.push_back({one["service"].get<std::string>(), one["unsent"].dump(), age_or_dash(one["oldest_unsent_age_s"]),
                    one["parked"].dump(), text_or_dash(one["last_sent_at"])});
    for (const auto& event : one["parked_events"]) {
      parked.push_back({one["service"].get<std::string>(), text_or_dash(event["id"]), text_or_dash(event["aggregate"]),
                        printable(text_or_dash(event["reason"]))});
    }
  }
  std::string text = format_table({"SERVICE", "UNSENT", "OLDEST", "PARKED", "LAST SENT"}, rows);
  if (!parked.empty()) text += "\n" + format_table({"SERVICE", "PARKED EVENT", "AGGREGATE", "REASON"}, parked);
  return text;
}

struct Statuses {
  Json told = Json::array();
  std::vector<base::Error> untold;
};

// Those that are named; else those that publish, without the ones whose events come from no outbox of the chassis.
base::Result<Statuses> outbox_status(const OutboxOptions& options) {
  TRY(const auto place, find_place(options.place));
  TRY(const auto cluster, place.load());
  TRY(check_names(cluster, options.services));
  TRY(const auto views, running_services(place));
  auto services = options.services;
  if (services.empty()) {
    for (const auto& [name, service] : cluster.services) {
      if (!service.publishes.empty()) services.push_back(name);
    }
  }
  Statuses statuses;
  for (const auto& service : services) {
    auto told = operate(place, views, service, "outbox", nullptr);
    if (told) {
      Json one{{"service", service}};
      one.update(told.value());
      statuses.told.push_back(std::move(one));
    } else if (told.error().code != ErrorCode::not_found || !options.services.empty()) {
      statuses.untold.push_back(told.error());
    }
  }
  return statuses;
}

base::Result<Json> replay_request(const OutboxOptions& options) {
  const int given = static_cast<int>(!options.event.empty()) + static_cast<int>(!options.since.empty()) +
                    static_cast<int>(options.parked) + static_cast<int>(options.all);
  if (given != 1) return bad_choice("replay what? give one of --event ID, --parked, --since TIME, --all");
  Json what;
  if (options.parked) what["parked"] = true;
  if (options.all) what["all"] = true;
  if (!options.event.empty()) what["event"] = options.event;
  if (!options.since.empty()) {
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
    TRY(const auto since, parse_log_time(options.since, now.count()));
    what["since"] = base::to_rfc3339(base::Wall(std::chrono::milliseconds(since / 1'000)));
  }
  return Json{{"replay", what}};
}

base::Result<Json> outbox_change(const OutboxOptions& options) {
  if (options.services.size() != 1) {
    return bad_choice("name one service: msctl outbox " + options.action + " SERVICE …");
  }
  if (options.action == "replay") return replay_request(options);
  if (options.event.empty() || options.parked || options.all || !options.since.empty()) {
    return bad_choice("drop which one? give --event ID; msctl outbox status shows the parked events");
  }
  return Json{{"drop", options.event}};
}

base::Result<Json> change_outbox(const OutboxOptions& options) {
  TRY(const auto request, outbox_change(options));
  TRY(const auto place, find_place(options.place));
  TRY(const auto cluster, place.load());
  TRY(check_names(cluster, options.services));
  TRY(const auto views, running_services(place));
  return operate(place, views, options.services.front(), "outbox", request);
}

std::string outbox_sentence(const OutboxOptions& options, std::int64_t rows) {
  const auto events = std::to_string(rows) + (rows == 1 ? " event" : " events");
  const auto& service = options.services.front();
  if (options.action == "drop") return events + " of " + service + " dropped";
  return rows == 0 ? service + ": nothing to send again" : events + " of " + service + " will be sent again";
}

// A service that does not answer keeps no other one from being shown.
int show_outboxes(const OutboxOptions& options) {
  const auto statuses = outbox_status(options);
  if (!statuses) return report(statuses.error());
  const auto& [told, untold] = statuses.value();
  if (!told.empty() || untold.empty()) {
    print(options.format == Format::table ? outbox_table(told) : format_document(told, options.format));
  }
  int code = ok;
  for (const auto& error : untold) code = std::max(code, report(error));
  return code;
}

int run_outbox(const OutboxOptions& options) {
  const bool only_looks = options.action == "status";
  const bool chooses = !options.event.empty() || !options.since.empty() || options.parked || options.all;
  if (only_looks && chooses) {
    return report(bad_choice("status takes no choice of events; --event, --parked, --since and --all are for replay"));
  }
  if (only_looks) return show_outboxes(options);
  const auto answer = change_outbox(options);
  if (!answer) return report(answer.error());
  if (options.format != Format::table) {
    print(format_document(answer.value(), options.format));
  } else {
    print(outbox_sentence(options, answer.value().value("rows", 0)) + "\n");
  }
  return ok;
}

}  // namespace

void add_outbox(Verbs& verbs) {
  auto options = std::make_shared<OutboxOptions>();
  verbs.add("outbox", "Show what waits in the services' outboxes, and send events again")
      .operand("ACTION", options->action, {"status", "replay", "drop"},
               "status: what waits; replay: send again; drop: give up a parked event")
      .operands("SERVICE", options->services, "Only these services; replay and drop take one")
      .option("--event", options->event, "ID", "The event of this id")
      .flag("--parked", options->parked, "Events that the broker refused for good")
      .option("--since", options->since, "TIME", "Events sent since then: 10m, 2026-11-21T06:30:00Z, 14:05")
      .flag("--all", options->all, "All events that the outbox still keeps")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .output(options->format)
      .footer(
          "Examples:\n  msctl outbox status\n  msctl outbox replay order-service --parked\n"
          "  msctl outbox replay order-service --since 10m\n  msctl outbox drop order-service --event ID\n\n"
          "Receivers know a repetition by the event's id, which stays the same. See docs/events.md.")
      .run([options] { return run_outbox(*options); });
}

}  // namespace cli
