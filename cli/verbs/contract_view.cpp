#include "cli/verbs/contract_view.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "cli/terminal/table.hpp"

namespace cli {
namespace {

using Colour = Style::Colour;

constexpr std::size_t why_width = 90;

std::string shortened(const std::string& text) {
  const std::string line = printable(text.substr(0, text.find('\n')));
  if (line.size() <= why_width) return line;
  std::size_t end = why_width - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "...";
}

std::string result_text(const contract::Result& result) {
  std::string text(contract::word(result.outcome));
  if (result.pending && result.outcome != contract::Outcome::passed) text += " (pending)";
  return text;
}

Colour colour_of(const contract::Result& result) {
  if (result.outcome == contract::Outcome::passed) return Colour::green;
  return result.pending ? Colour::yellow : Colour::red;
}

std::string indented(const std::string& text, const std::string& by) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += by + printable(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

// All that is wrong with one interaction.
std::string detail(const contract::Result& result, const Style& style) {
  std::string text = "\n" + style.paint(colour_of(result), result_text(result)) + "  ";
  text += result.consumer.empty() ? printable(result.source)
                                  : printable(result.consumer + " -> " + result.provider + ": " + result.interaction);
  text += "\n";
  if (!result.states.empty()) text += "  given     " + printable(result.states) + "\n";
  if (!result.consumer.empty()) text += "  file      " + printable(result.source) + "\n";
  if (result.mismatches.empty()) return text + indented(result.why, "  ");
  for (const auto& mismatch : result.mismatches) {
    text += "  " + printable(contract::sentence(mismatch)) + "\n";
    const auto shown = [](const std::string& value) { return value.empty() ? "nothing" : printable(value); };
    text += "    expected  " + shown(mismatch.expected) + "\n    got       " + shown(mismatch.actual) + "\n";
    if (!mismatch.rule.empty() && mismatch.rule != "equality")
      text += "    rule      " + printable(mismatch.rule) + "\n";
  }
  return text;
}

std::string total_line(const contract::Totals& totals) {
  std::string text = std::to_string(totals.passed) + " kept";
  if (const auto broken = totals.failed - totals.unreachable; broken > 0)
    text += ", " + std::to_string(broken) + " broken";
  if (totals.unreachable > 0) text += ", " + std::to_string(totals.unreachable) + " not verified: the provider is down";
  if (totals.pending > 0) text += ", " + std::to_string(totals.pending) + " pending";
  return text + "\n";
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

base::Result<std::string> read_token(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return base::fail(base::ErrorCode::not_found, "the token file " + file + " cannot be opened");
  }
  if ((info.st_mode & 077U) != 0) {
    return base::fail(base::ErrorCode::permission,
                      "others may read the token file " + file + "; close it: chmod 600 " + file);
  }
  std::ifstream in(file, std::ios::binary);
  std::string token{std::istreambuf_iterator<char>(in), {}};
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const bool good = !token.empty() && token.size() < 8192 && token.find_first_of("\r\n") == std::string::npos;
  if (good) return token;
  return base::fail(base::ErrorCode::malformed, "the token file " + file + " must hold the token and nothing else");
}

}  // namespace

std::string contract_table(const std::vector<contract::Result>& results, const Style& style) {
  std::vector<Row> rows;
  std::string details;
  for (const auto& result : results) {
    std::string why = shortened(result.why);
    if (result.mismatches.size() > 1) why += " (+" + std::to_string(result.mismatches.size() - 1) + " more)";
    rows.push_back({result.consumer.empty() ? "-" : printable(result.consumer),
                    result.provider.empty() ? "-" : printable(result.provider), shortened(result.interaction),
                    result_text(result), why.empty() ? "-" : why});
    if (result.outcome != contract::Outcome::passed) details += detail(result, style);
  }
  const std::string table = format_table({"CONSUMER", "PROVIDER", "INTERACTION", "RESULT", "WHY"}, rows,
                                         [&](std::size_t row, std::size_t column, const std::string& text) {
                                           return column == 3 ? style.paint(colour_of(results[row]), text) : text;
                                         });
  return table + details + "\n" + total_line(contract::totals_of(results));
}

std::string verdict_table(const contract::Verdict& verdict, const Style& style) {
  std::vector<Row> rows;
  std::string next;
  const auto named = [](const std::string& name, const std::string& version) {
    return printable(name + (version.empty() ? "" : " " + version));
  };
  for (const auto& check : verdict.checks) {
    rows.push_back({named(check.consumer, check.consumer_version), named(check.provider, check.provider_version),
                    std::string(contract::word(check.standing)), check.why.empty() ? "-" : shortened(check.why)});
    if (!check.next.empty()) {
      next += "  " + printable(check.consumer + " -> " + check.provider) + ": " + printable(check.next) + "\n";
    }
  }
  std::string text;
  if (!rows.empty()) {
    text = format_table({"CONSUMER", "PROVIDER", "RESULT", "WHY"}, rows,
                        [&](std::size_t row, std::size_t column, const std::string& cell) {
                          const bool good = verdict.checks[row].standing == contract::Standing::verified;
                          return column == 2 ? style.paint(good ? Colour::green : Colour::red, cell) : cell;
                        }) +
           "\n";
  }
  text += style.paint(verdict.deployable ? Colour::green : Colour::red, verdict.deployable ? "yes" : "no") + ": " +
          printable(verdict.why) + "\n";
  if (!next.empty()) text += "Next:\n" + next;
  return text;
}

base::Result<contract::WebAuth> broker_auth(const std::string& broker, const std::string& token_file) {
  contract::WebAuth auth;
  if (broker.empty()) return auth;
  TRY(const auto url, contract::parse_url(broker));
  auth.origin = url.origin();
  if (!token_file.empty()) {
    TRY(auth.token, read_token(token_file));
    return auth;
  }
  auth.token = environment("PACT_BROKER_TOKEN");
  const std::string user = environment("PACT_BROKER_USERNAME");
  if (!user.empty()) auth.user = user + ":" + environment("PACT_BROKER_PASSWORD");
  return auth;
}

}  // namespace cli
