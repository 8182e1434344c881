#include "services/notification/adapters/out/mustache_letters.hpp"

#include <algorithm>
#include <optional>

#include <kainjow/mustache.hpp>

#include "services/notification/domain/language.hpp"

namespace notification_service::adapters {
namespace {

namespace mustache = kainjow::mustache;

constexpr std::string_view subject_field = "Subject: ";
constexpr std::string_view other_reason = "other_reason";

base::Error broken(const std::string& language, const std::string& event, const std::string& why) {
  return base::fail(base::ErrorCode::internal,
                    "services/notification/templates/" + language + "/" + event + ".mustache: " + why);
}

std::string one_line(const std::string& text) {
  std::string line = text;
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return line;
}

bool is_known(std::string_view name) {
  if (name == "order_id" || name == "user_id" || name == "amount" || name == other_reason) return true;
  return std::find(domain::reasons.begin(), domain::reasons.end(), name) != domain::reasons.end();
}

// The first tag that templates may not have. What is no tag at all the parser says.
std::optional<std::string> unknown_tag(std::string_view text) {
  for (auto open = text.find("{{"); open != std::string_view::npos; open = text.find("{{", open)) {
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) break;
    std::string_view tag = text.substr(open + 2, close - open - 2);
    const std::string whole(tag);
    open = close + 2;
    const auto strip = [&tag] {
      while (!tag.empty() && tag.front() == ' ') tag.remove_prefix(1);
      while (!tag.empty() && tag.back() == ' ') tag.remove_suffix(1);
    };
    strip();
    if (tag.starts_with('!')) continue;
    if (tag.starts_with('#') || tag.starts_with('^') || tag.starts_with('/')) tag.remove_prefix(1);
    strip();
    if (!is_known(tag)) return whole;
  }
  return std::nullopt;
}

mustache::data values_of(const domain::Notice& notice, const domain::NumberStyle& style) {
  mustache::data values;
  values.set("order_id", notice.order_id);
  values.set("user_id", notice.user_id);
  values.set("amount", domain::money(notice.total_minor, notice.currency, style));
  for (const auto reason : domain::reasons) values.set(std::string(reason), notice.reason == reason);
  const bool has_words =
      std::find(domain::reasons.begin(), domain::reasons.end(), notice.reason) != domain::reasons.end();
  values.set(std::string(other_reason), !has_words);
  return values;
}

// Parsed anew each time, which takes microseconds: the library's templates may not be shared between threads.
std::string render(const std::string& text, const mustache::data& values) {
  mustache::mustache parsed(text);
  parsed.set_custom_escape(one_line);
  return parsed.render(values);
}

// Without more than one empty line in a row, or any at its ends: the library leaves one for each section not taken.
std::string without_gaps(const std::string& text) {
  std::string body;
  for (const char c : text) {
    if (c == '\n' && (body.empty() || body.ends_with("\n\n"))) continue;
    body += c;
  }
  while (body.ends_with("\n\n")) body.pop_back();
  return body;
}

}  // namespace

base::Result<MustacheLetters::Parts> MustacheLetters::read(const LetterTemplate& one) {
  const auto end = one.text.find('\n');
  const bool has_form = one.text.starts_with(subject_field) && end != std::string::npos && end > subject_field.size() &&
                        one.text.substr(end).starts_with("\n\n") && one.text.size() > end + 2;
  if (!has_form) {
    return broken(one.language, one.event, "must begin with 'Subject: …' and an empty line, and then have a text");
  }
  Parts parts{one.text.substr(subject_field.size(), end - subject_field.size()), one.text.substr(end + 2)};
  for (const auto& text : {parts.subject, parts.body}) {
    const mustache::mustache parsed(text);
    if (!parsed.is_valid()) return broken(one.language, one.event, parsed.error_message());
    if (const auto tag = unknown_tag(text)) {
      return broken(one.language, one.event, "{{" + *tag + "}} is not known");
    }
  }
  return parts;
}

base::Result<MustacheLetters> MustacheLetters::make(std::vector<LetterTemplate> templates) {
  ByName known;
  for (const auto& one : templates) {
    if (std::find(domain::events.begin(), domain::events.end(), one.event) == domain::events.end()) {
      return broken(one.language, one.event, "users are told of no such event");
    }
    if (!domain::number_style(one.language)) {
      return broken(one.language, one.event, "how numbers are written in that language is not known");
    }
    TRY(auto parts, read(one));
    known.emplace(std::pair(one.event, one.language), std::move(parts));
  }
  const std::string everybody = domain::fallbacks("").back();
  for (const auto event : domain::events) {
    if (known.contains({std::string(event), everybody})) continue;
    return broken(everybody, std::string(event), "is missing, and is what everybody gets who has no other");
  }
  return MustacheLetters(std::move(known));
}

base::Result<domain::Letter> MustacheLetters::write(const domain::Notice& notice) const {
  for (const auto& language : domain::fallbacks(notice.language)) {
    const auto found = templates_.find({notice.event, language});
    if (found == templates_.end()) continue;
    const auto values = values_of(notice, *domain::number_style(language));
    return domain::Letter{language, one_line(render(found->second.subject, values)),
                          without_gaps(render(found->second.body, values))};
  }
  return base::fail(base::ErrorCode::internal, "there is no template for " + notice.event);
}

}  // namespace notification_service::adapters
