#include <algorithm>
#include <charconv>
#include <memory>

#include "cli/dlq/letters.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/suggest.hpp"

namespace cli {
namespace {

struct DlqOptions {
  PlaceOptions place;
  std::string action;
  std::vector<std::string> words;  // services; then, but for list, numbers of one service's letters
  std::string event;
  bool quarantined = false;
  bool all = false;
  bool yes = false;
  Format format = Format::table;
};

struct Wanted {
  std::vector<std::string> services;
  std::vector<std::uint64_t> numbers;
};

base::Result<Wanted> read_words(const DlqOptions& options, const spec::Cluster& cluster) {
  Wanted wanted;
  for (const auto& word : options.words) {
    std::uint64_t number = 0;
    const auto end = std::from_chars(word.data(), word.data() + word.size(), number);
    if (end.ec == std::errc() && end.ptr == word.data() + word.size()) {
      wanted.numbers.push_back(number);
    } else if (cluster.services.contains(word)) {
      wanted.services.push_back(word);
    } else {
      std::vector<std::string> names;
      for (const auto& [name, service] : cluster.services) names.push_back(name);
      const auto near = spec::nearest(word, names);
      return base::fail(base::ErrorCode::not_found, "there is no service \"" + word + "\"" +
                                                        (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
  }
  return wanted;
}

// What --event and --quarantined leave.
bool is_meant(const dlq::Letter& letter, const DlqOptions& options) {
  if (options.quarantined && letter.kind != dlq::Kind::quarantined) return false;
  return options.event.empty() || letter.type == options.event;
}

// For every action but list: one service, and which of its letters.
base::Result<void> check(const DlqOptions& options, const Wanted& wanted) {
  const auto wrong = [](const std::string& what) { return base::fail(base::ErrorCode::invalid, what); };
  const std::string example = "msctl dlq " + options.action + " SERVICE ";
  if (wanted.services.size() != 1) return wrong("name one service: " + example + "3; msctl dlq list shows all");
  const bool none = wanted.numbers.empty() && !options.all && options.event.empty() && !options.quarantined;
  if (options.action == "show") {
    return wanted.numbers.empty()
               ? base::Result<void>(wrong("name its number, which msctl dlq list shows: " + example + "3"))
               : base::success();
  }
  if (none) return wrong("which ones? name their numbers, --event TYPE, --quarantined or --all: " + example + "3");
  if (options.all && !wanted.numbers.empty()) return wrong("--all and numbers exclude each other");
  const bool many = options.action == "drop" && wanted.numbers.empty();
  if (many && !options.yes)
    return wrong("dropped events are gone for good; add --yes to drop more than those you number");
  return base::success();
}

base::Result<std::vector<dlq::Letter>> chosen(const dlq::Box& box, const DlqOptions& options, const Wanted& wanted) {
  TRY(auto letters, box.read({wanted.services.front()}));
  const auto& numbers = wanted.numbers;
  for (const auto number : numbers) {
    const bool is_there =
        std::any_of(letters.begin(), letters.end(), [&](const auto& one) { return one.number() == number; });
    if (!is_there) {
      return base::fail(base::ErrorCode::not_found, wanted.services.front() + " has no parked event " +
                                                        std::to_string(number) +
                                                        "; msctl dlq list shows what there is");
    }
  }
  std::erase_if(letters, [&](const auto& one) {
    const bool is_numbered =
        numbers.empty() || std::find(numbers.begin(), numbers.end(), one.number()) != numbers.end();
    return !is_numbered || !is_meant(one, options);
  });
  return letters;
}

base::Result<int> list(const dlq::Box& box, const DlqOptions& options, Wanted wanted, const spec::Cluster& cluster) {
  if (!wanted.numbers.empty()) return base::fail(base::ErrorCode::invalid, "list takes services, no numbers");
  if (wanted.services.empty()) {
    for (const auto& [name, service] : cluster.services) wanted.services.push_back(name);
  }
  TRY(const auto letters, box.read(wanted.services));
  base::Json documents = base::Json::array();
  std::vector<Row> rows;
  for (const auto& one : letters) {
    if (!is_meant(one, options)) continue;
    documents.push_back(dlq::document_of(one));
    rows.push_back({one.service, std::to_string(one.number()), std::string(dlq::name_of(one.kind)), printable(one.type),
                    printable(one.aggregate()), printable(one.attempts()), printable(one.parked_at()),
                    printable(one.reason())});
  }
  if (options.format != Format::table) {
    print(format_document(documents, options.format));
  } else if (rows.empty()) {
    say(options.quarantined ? "no event is quarantined" : "no event is parked or quarantined");
  } else {
    print(format_table({"SERVICE", "NUMBER", "KIND", "EVENT", "AGGREGATE", "ATTEMPTS", "PARKED", "REASON"}, rows));
  }
  return int{ok};
}

base::Result<int> show(const dlq::Box& box, const DlqOptions& options, const Wanted& wanted) {
  TRY(const auto letters, chosen(box, options, wanted));
  base::Json documents = base::Json::array();
  for (const auto& one : letters) documents.push_back(dlq::whole_document_of(one));
  const auto& shown = documents.size() == 1 ? documents.front() : documents;
  print(format_document(shown, options.format == Format::table ? Format::yaml : options.format));
  return int{ok};
}

base::Result<int> act(const dlq::Box& box, const DlqOptions& options, const Wanted& wanted) {
  TRY(const auto letters, chosen(box, options, wanted));
  const bool replays = options.action == "replay";
  base::SystemRandom random;
  TRY(replays ? box.replay(letters, random) : box.drop(letters));
  base::Json documents = base::Json::array();
  for (const auto& one : letters) documents.push_back(dlq::document_of(one));
  if (options.format != Format::table) {
    print(format_document(documents, options.format));
  } else {
    const auto& service = wanted.services.front();
    const std::string what = std::to_string(letters.size()) + (letters.size() == 1 ? " event" : " events");
    say(replays ? what + " given to " + service + " again; msctl logs " + service + " shows what becomes of them"
                : what + " of " + service + " dropped");
  }
  return int{ok};
}

base::Result<int> run_dlq(const DlqOptions& options) {
  TRY(const auto place, find_place(options.place));
  TRY(const auto cluster, running_cluster(place));
  TRY(auto wanted, read_words(options, cluster));
  TRY(auto url, streams::url_of(cluster));
  const dlq::Box box(std::move(url));
  if (options.action == "list") return list(box, options, std::move(wanted), cluster);
  TRY(check(options, wanted));
  return options.action == "show" ? show(box, options, wanted) : act(box, options, wanted);
}

}  // namespace

void add_dlq(Verbs& verbs) {
  auto options = std::make_shared<DlqOptions>();
  verbs.add("dlq", "Events that services could not handle: look at them, have them handled again, drop them")
      .operand("ACTION", options->action, {"list", "show", "replay", "drop"},
               "list all, show one whole, replay or drop some")
      .operands("WORD", options->words, "list: services; else one service and numbers as list shows them")
      .option("--event", options->event, "TYPE", "Only events of this type")
      .flag("--quarantined", options->quarantined, "Only events of a newer version than the service knew")
      .flag("--all", options->all, "replay, drop: all of the service")
      .flag("-y,--yes", options->yes, "drop: without numbers, too")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .option("--profile", options->place.profiles, "NAME", "Include the services of this profile")
      .output(options->format)
      .footer(
          "Examples:\n  msctl dlq list\n  msctl dlq show mail-service 3\n  msctl dlq replay mail-service 3\n"
          "  msctl dlq replay mail-service --event order.placed\n  msctl dlq replay mail-service --quarantined\n  "
          "msctl dlq drop mail-service --all --yes\n\n"
          "A replayed event goes to that service alone, is handled as any other, and is parked again when it fails "
          "again.\nSee docs/events.md.")
      .run([options] {
        const auto code = run_dlq(*options);
        return code ? code.value() : report(code.error());
      });
}

}  // namespace cli
