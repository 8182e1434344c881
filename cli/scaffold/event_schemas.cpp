#include "cli/scaffold/event_schemas.hpp"

#include <algorithm>

#include "base/schema_name.hpp"
#include "supervisor/spec/source.hpp"

namespace scaffold {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view file_end = ".schema.json";
constexpr std::size_t most_bytes = 1 << 20;

}  // namespace

std::optional<EventSchema> parse_event_schema(const std::string& text) {
  const auto json = base::parse_json(text);
  if (!json || !json.value().is_object()) return std::nullopt;
  const auto id = json.value().find("$id");
  if (id == json.value().end() || !id->is_string()) return std::nullopt;
  auto name = base::parse_schema_name(id->get_ref<const std::string&>());
  if (!name) return std::nullopt;
  return EventSchema{std::move(name->type), name->version, text};
}

void add_event_schema(EventSchemas& into, EventSchema schema) {
  auto& versions = into[schema.type];
  const auto place = std::lower_bound(versions.begin(), versions.end(), schema.version,
                                      [](const EventSchema& one, int version) { return one.version < version; });
  if (place == versions.end() || place->version != schema.version) versions.insert(place, std::move(schema));
}

EventSchemas read_event_schemas(const fs::path& folder) {
  EventSchemas found;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (!at->path().filename().string().ends_with(file_end)) continue;
    const auto text = spec::read_text(at->path(), at->path().string(), most_bytes);
    if (!text) continue;
    if (auto schema = parse_event_schema(text.value())) add_event_schema(found, std::move(*schema));
  }
  return found;
}

EventSchema unknown_event_schema(const std::string& type, const std::string& consumer) {
  return {type, 1,
          "{\n"
          "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
          "  \"$id\": \"" +
              base::schema_name(type, 1) +
              "\",\n"
              "  \"description\": \"All that " +
              consumer + " knows of the data of " + type +
              ". Put the publisher's own file in the place of this one.\",\n"
              "  \"type\": \"object\"\n"
              "}\n"};
}

}  // namespace scaffold
