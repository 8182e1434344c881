#include "cli/drill/drill.hpp"

#include <unistd.h>

#include <charconv>
#include <memory>

#include "base/ids.hpp"
#include "cli/drill/orders.hpp"
#include "cli/drill/scenario_load.hpp"
#include "cli/drill/text.hpp"
#include "cli/load/command.hpp"
#include "cli/load/targets.hpp"
#include "cli/session/interrupt.hpp"
#include "cli/session/place.hpp"
#include "cli/session/report_file.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/cluster_lock.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

constexpr const char* default_timeout = "5s";
constexpr const char* journal_prefix = "drill-journal-";

struct DrillWords {
  std::vector<std::string> faults;
  std::string rate;
  std::string under;
  std::vector<std::string> read_back;
  std::string lasting = "2s";
  std::string recovery = "30s";
  std::string timeout = default_timeout;
  std::string max_refused;
  std::string max_back;
  std::string junit;
  std::string html;
  bool blackhole = false;
  Format format = Format::table;
};

base::Result<drill::Ms> time_of(const char* option, const std::string& text) {
  auto time = drill::duration(text);
  if (time) return time;
  return base::fail(time.error().code, std::string(option) + ": " + time.error().message);
}

base::Result<drill::Options> options_of(const DrillWords& words, const spec::Cluster& cluster, drill::Limits& limits) {
  drill::Options options;
  TRY(options.lasting, time_of("--for", words.lasting));
  TRY(options.recovery, time_of("--recovery", words.recovery));
  TRY(time_of("--timeout", words.timeout));
  if (!words.max_refused.empty()) {
    TRY(drill::read_refused(words.max_refused, limits));
  }
  if (!words.max_back.empty()) {
    TRY(const auto most, time_of("--max-back", words.max_back));
    limits.back_ms = most.count();
  }
  TRY(check_report(words.junit));
  TRY(check_report(words.html));
  drill::Wishes wishes;
  wishes.blackhole = words.blackhole;
  TRY(options.faults, drill::plan(words.faults, cluster, wishes));
  return options;
}

void show(const drill::Report& report, const drill::Limits& limits, Format format) {
  if (format != Format::table) return print(format_document(drill::to_json(report, limits), format));
  const Style style = Style::for_descriptor(STDOUT_FILENO);
  print(
      format_table(drill::header(), drill::rows(report), [&](std::size_t, std::size_t column, const std::string& text) {
        const bool harm = column >= 6 && text != "0";
        if (harm || text == "NOT BACK") return style.paint(Style::Colour::red, text);
        return column == 1 ? style.paint(Style::Colour::green, text) : text;
      }));
  print("\n");
  for (const auto& line : drill::remarks(report, limits)) print(printable(line) + "\n");
}

base::Result<void> write_reports(const drill::Report& report, const drill::Limits& limits, const DrillWords& words) {
  if (!words.junit.empty()) {
    TRY(write_report(words.junit, ::report::junit("drill", drill::suites(report, limits))));
  }
  if (!words.html.empty()) {
    TRY(write_report(words.html, drill::html(report, limits)));
  }
  return base::success();
}

int code_of(const drill::Report& report, const drill::Limits& limits) {
  if (!report.verdict.holds()) return invariant_broken;
  if (report.not_back() > 0) return unhealthy;
  return drill::missed(report, limits).empty() ? ok : threshold_missed;
}

base::Result<double> rate_of(const std::string& text, double otherwise) {
  if (text.empty()) return otherwise;
  double rate = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), rate);
  const bool good = end.ec == std::errc() && end.ptr == text.data() + text.size() && rate >= 0.1 && rate <= 100'000;
  if (good) return rate;
  return base::fail(base::ErrorCode::malformed, "--rate: expected a number from 0.1 to 100000, got " + text);
}

std::string word_of_this_run() {
  base::SystemRandom random;
  return base::random_hex(random, 4);
}

using MadeLoad = base::Result<std::unique_ptr<drill::Load>>;

base::Result<drill::Drill::MakeLoad> orders_for(const DrillWords& words, const spec::Cluster& cluster) {
  for (const auto& [name, service] : cluster.services) {
    if (!service.is_mock) continue;
    return base::fail(base::ErrorCode::unavailable,
                      "a stub runs in place of " + name +
                          ", which keeps no orders: msctl up -d --wait --no-mock, or give a scenario with --under");
  }
  drill::OrdersOptions options;
  TRY(options.door, drill::door_of(cluster));
  TRY(options.rate, rate_of(words.rate, 50));
  TRY(options.timeout, drill::duration(words.timeout));
  options.run = word_of_this_run();
  options.stream = drill::stream_of(cluster);
  return [options]() -> MadeLoad { return std::make_unique<drill::Orders>(options); };
}

// As long as a drill can take whose every fault is recovered from at the last moment.
drill::Ms longest(const drill::Options& options) {
  const auto each = options.before + options.lasting + options.recovery + drill::Ms(5'000);
  return each * static_cast<int>(options.faults.size() + 1);
}

base::Result<drill::Drill::MakeLoad> scenario_for(const DrillWords& words, const Place& place,
                                                  const spec::Cluster& cluster, const drill::Options& drill) {
  drill::ScenarioOptions options;
  load::CommandOptions command;
  command.what = words.under;
  TRY(auto file, load::make_scenario(command));
  options.document = std::move(file.document);
  if (!options.document.contains("name")) {
    options.document["name"] = std::filesystem::path(words.under).stem().string();
  }
  TRY(options.rate, rate_of(words.rate, options.document.value("load", base::Json::object()).value("rate", 50.0)));
  if (words.timeout != default_timeout) {
    options.document["load"]["timeout"] = words.timeout;
  }
  options.at_most = longest(drill);
  options.journal = place.state / "run" / (journal_prefix + word_of_this_run());
  for (const auto& path : words.read_back) {
    TRY(drill::check_read_back(path));
  }
  options.read_back = words.read_back;
  options.stream = drill::stream_of(cluster);
  if (!words.read_back.empty()) {
    TRY(options.door, drill::door_of(cluster));
  }
  return [options = std::move(options), client = place.client()]() mutable -> MadeLoad {
    TRY(const auto services, client.services());
    TRY(load::resolve_targets(options.document, services));
    return std::make_unique<drill::ScenarioLoad>(options);
  };
}

base::Result<drill::Drill::MakeLoad> load_for(const DrillWords& words, const Place& place, const spec::Cluster& cluster,
                                              const drill::Options& options) {
  if (!words.under.empty()) return scenario_for(words, place, cluster, options);
  if (words.read_back.empty()) return orders_for(words, cluster);
  return base::fail(base::ErrorCode::malformed,
                    "--read-back goes with --under: the drill's own load is read back anyway");
}

int carry_out(const DrillWords& words, drill::Drill& drill, const drill::Limits& limits) {
  const Interrupt interrupt([&] {
    say_error("msctl: interrupted; what the drill did is being undone");
    drill.stop();
  });
  const auto done = drill.run();
  if (interrupt.came()) return interrupted;
  if (!done) return report(done.error());
  show(done.value(), limits, words.format);
  if (const auto written = write_reports(done.value(), limits, words); !written) return report(written.error());
  return code_of(done.value(), limits);
}

// Of drills that were killed. Nobody else drills now.
void remove_old_journals(const Place& place) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(place.state / "run", ignored)) {
    if (entry.path().filename().string().starts_with(journal_prefix)) std::filesystem::remove(entry.path(), ignored);
  }
}

int run_drill(const DrillWords& words) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto cluster = running_cluster(place.value());
  if (!cluster) return report(cluster.error());
  drill::Limits limits;
  auto options = options_of(words, cluster.value(), limits);
  if (!options) return report(options.error());
  auto make_load = load_for(words, place.value(), cluster.value(), options.value());
  if (!make_load) return report(make_load.error());
  const auto lock = take_cluster(place.value());
  if (!lock) return report(lock.error());
  remove_old_journals(place.value());
  const bool tells = words.format == Format::table;
  drill::Drill drill(std::move(options.value()), cluster.value(), place.value().client(), std::move(make_load.value()),
                     [tells](const std::string& line) {
                       if (tells) say_error(printable(line));
                     });
  return carry_out(words, drill, limits);
}

}  // namespace

void add_drill(Verbs& verbs) {
  auto words = std::make_shared<DrillWords>();
  verbs.add("drill", "Inject faults under load and check that nothing acknowledged is lost or done twice")
      .operands("FAULT", words->faults,
                "kill S, pause S, slow S TIME, cut A B, refuse S, hang S, throttle S RATE, pieces S N, corrupt S N; "
                "several are done one after the other")
      .option("--under", words->under, "SCENARIO", "A scenario of msctl load instead of the drill's own orders")
      .option("--read-back", words->read_back, "PATH",
              "With --under: must be found for each answer that captured its ${NAME}, as /api/v1/orders/${order}")
      .option("--rate", words->rate, "N", "Orders, or iterations of the scenario, a second (default 50)")
      .option("--for", words->lasting, "TIME", "How long each fault lasts, but for kill (default 2s)")
      .flag("--blackhole", words->blackhole, "Cuts let nothing through and tell nobody, instead of resetting")
      .option("--recovery", words->recovery, "TIME", "How long to wait for recovery (default 30s)")
      .option("--timeout", words->timeout, "TIME", "How long to wait for one answer (default 5s)")
      .option("--max-refused", words->max_refused, "N|N%", "Fail when more requests of a fault are refused")
      .option("--max-back", words->max_back, "TIME", "Fail when a recovery takes longer")
      .option("--junit", words->junit, "FILE", "Write a JUnit report")
      .option("--html", words->html, "FILE", "Write the report as one page of HTML")
      .output(words->format)
      .footer(
          "Examples:\n  msctl drill kill user-service\n  msctl drill kill nats slow user-service 200ms --for 5s\n"
          "  msctl drill cut order-service user-service --blackhole --html drill.html\n"
          "  msctl drill kill order-service --under shop.yaml --rate 200 --read-back '/api/v1/orders/${order}'\n"
          "Exit code 8 when something is lost, done twice or stuck, 4 when the system is not back in time, 6 when a "
          "limit\n"
          "is missed. Everything is undone at the end, also on Ctrl-C.")
      .run([words] { return run_drill(*words); });
}

}  // namespace cli
