#include "cli/drill/drill.hpp"

#include <unistd.h>

#include <fstream>
#include <memory>

#include "cli/drill/text.hpp"
#include "cli/session/interrupt.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct DrillWords {
  std::vector<std::string> faults;
  int rate = 50;
  std::string lasting = "2s";
  std::string recovery = "30s";
  std::string timeout = "5s";
  std::string max_refused;
  std::string max_back;
  std::string junit;
  std::string html;
  bool blackhole = false;
  Format format = Format::table;
};

base::Result<drill::Options> options_of(const DrillWords& words, const spec::Cluster& cluster, drill::Limits& limits) {
  drill::Options options;
  options.rate = words.rate;
  TRY(options.lasting, drill::duration(words.lasting));
  TRY(options.recovery, drill::duration(words.recovery));
  TRY(options.request_timeout, drill::duration(words.timeout));
  if (!words.max_refused.empty()) {
    TRY(drill::read_refused(words.max_refused, limits));
  }
  if (!words.max_back.empty()) {
    TRY(const auto most, drill::duration(words.max_back));
    limits.back_ms = most.count();
  }
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
  const auto put = [](const std::string& file, const std::string& text) -> base::Result<void> {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (out) return base::success();
    return base::fail(base::ErrorCode::internal, "cannot write " + file);
  };
  if (!words.junit.empty()) {
    TRY(put(words.junit, ::report::junit("drill", drill::suites(report, limits))));
  }
  if (!words.html.empty()) {
    TRY(put(words.html, drill::html(report, limits)));
  }
  return base::success();
}

int code_of(const drill::Report& report, const drill::Limits& limits) {
  if (!report.verdict.holds()) return invariant_broken;
  if (report.not_back() > 0) return unhealthy;
  return drill::missed(report, limits).empty() ? ok : threshold_missed;
}

base::Result<spec::Cluster> running_cluster(const Place& place) {
  TRY(auto cluster, place.load());
  const auto views = place.client().services();
  if (!views && views.error().code == base::ErrorCode::unavailable) {
    return base::fail(base::ErrorCode::unavailable, why_nobody_answers(place));
  }
  if (!views) return views.error();
  overlay_ports(cluster, views.value());
  return cluster;
}

int run_drill(const DrillWords& words) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto cluster = running_cluster(place.value());
  if (!cluster) return report(cluster.error());
  drill::Limits limits;
  auto options = options_of(words, cluster.value(), limits);
  if (!options) return report(options.error());
  const bool tells = words.format == Format::table;
  drill::Drill drill(std::move(options.value()), cluster.value(), place.value().client(),
                     [tells](const std::string& line) {
                       if (tells) say_error(printable(line));
                     });
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

}  // namespace

void add_drill(Verbs& verbs) {
  auto words = std::make_shared<DrillWords>();
  verbs.add("drill", "Inject faults under load and check that nothing acknowledged is lost or done twice")
      .operands("FAULT", words->faults,
                "kill S, pause S, slow S TIME, cut A B, refuse S, hang S, throttle S RATE, pieces S N, corrupt S N; "
                "several are done one after the other")
      .option("--rate", words->rate, "N", "Orders a second")
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
          "Exit code 8 when something is lost, done twice or stuck, 4 when the system is not back in time, 6 when a "
          "limit\n"
          "is missed. Everything is undone at the end, also on Ctrl-C.")
      .run([words] { return run_drill(*words); });
}

}  // namespace cli
