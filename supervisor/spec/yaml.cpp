#include "supervisor/spec/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "supervisor/spec/scalar.hpp"

namespace spec {
namespace {

using base::Json;

std::string quoted(const std::string& text) { return base::dump_json(text.substr(0, 60)); }

struct Extent {
  std::size_t nodes = 1;
  std::size_t height = 0;
};

Extent extent_of(const Json& value) {
  Extent extent;
  if (!value.is_structured()) return extent;
  for (const Json& child : value) {
    const Extent inner = extent_of(child);
    extent.nodes += inner.nodes;
    extent.height = std::max(extent.height, inner.height);
  }
  ++extent.height;
  return extent;
}

// Builds the value in place. After the first error it lets the remaining events pass: yaml-cpp cannot be stopped from
// inside but by an exception, and it bounds its own recursion.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(YamlDocument& document) : document_(document) {}

  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
  int error_line() const { return error_line_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second document; one file holds one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) return refuse(mark, "a key must be text, not null");
    add(mark, nullptr, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (failed()) return;
    if (text.find('\0') != std::string::npos) return refuse(mark, "a NUL character cannot be in text");
    const bool is_text = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!is_text && tag != "?" && !tag.empty()) return refuse(mark, "the tag " + quoted(tag) + " is not supported");
    if (expects_key()) return key(mark, text);
    add(mark, is_text ? Json(text) : plain_scalar(text), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed()) return;
    if (expects_key()) return refuse(mark, "a key must be text, not an alias");
    if (++aliases_ > max_yaml_aliases) return refuse(mark, "more than 64 aliases");
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) return refuse(mark, "an alias without its anchor");
    const std::string& pointer = target->second;
    const bool is_open = std::any_of(open_.begin(), open_.end(), [&](const Open& o) { return o.pointer == pointer; });
    if (is_open) return refuse(mark, "an alias inside of what it stands for");
    Json copy = document_.value.at(Json::json_pointer(pointer));
    const Extent extent = extent_of(copy);
    if (open_.size() + extent.height > max_yaml_depth) return refuse(mark, "nested more than 32 deep");
    nodes_ += extent.nodes - 1;
    add(mark, std::move(copy), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Json* value;  // stays put while it is open: only the innermost collection grows
    std::string pointer;
    std::unordered_set<std::string> keys;
    std::string key;
    int key_line = 0;
    bool has_key = false;
  };

  void refuse(const YAML::Mark& mark, std::string message) {
    if (failed()) return;
    error_ = std::move(message);
    error_line_ = mark.line + 1;
  }

  bool expects_key() const { return !open_.empty() && open_.back().value->is_object() && !open_.back().has_key; }

  void key(const YAML::Mark& mark, const std::string& text) {
    Open& map = open_.back();
    if (!map.keys.insert(text).second) return refuse(mark, "key " + quoted(text) + " occurs twice");
    map.key = text;
    map.key_line = mark.line + 1;
    map.has_key = true;
  }

  // Puts the value where the innermost collection wants it; the second result is its pointer.
  std::pair<Json*, std::string> add(const YAML::Mark& mark, Json value, YAML::anchor_t anchor) {
    if (!failed() && ++nodes_ > max_yaml_nodes) refuse(mark, "more than 100000 values");
    if (failed()) return {nullptr, ""};
    Json* place = &document_.value;
    std::string pointer;
    int line = mark.line + 1;
    if (open_.empty()) {
      *place = std::move(value);
    } else if (Open& top = open_.back(); top.value->is_object()) {
      // Past the map's own insertion, which would search all keys each time.
      auto& members = top.value->get_ref<Json::object_t&>();
      pointer = child_pointer(top.pointer, top.key);
      line = top.key_line;
      top.has_key = false;
      static_cast<Json::object_t::Container&>(members).emplace_back(top.key, std::move(value));
      place = &members.back().second;
    } else {
      pointer = child_pointer(top.pointer, std::to_string(top.value->size()));
      top.value->push_back(std::move(value));
      place = &top.value->back();
    }
    document_.lines.emplace(pointer, line);
    if (anchor != 0) anchors_[anchor] = pointer;
    return {place, std::move(pointer)};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    if (failed()) return;
    if (expects_key()) return refuse(mark, "a key must be text, not a list or map");
    if (tag != "?" && !tag.empty()) return refuse(mark, "the tag " + quoted(tag) + " is not supported");
    if (open_.size() >= max_yaml_depth) return refuse(mark, "nested more than 32 deep");
    auto [place, pointer] = add(mark, std::move(empty), anchor);
    if (place != nullptr) open_.push_back({place, std::move(pointer), {}, {}});
  }

  void close() {
    if (!failed() && !open_.empty()) open_.pop_back();
  }

  YamlDocument& document_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, std::string> anchors_;
  std::size_t nodes_ = 0;
  std::size_t aliases_ = 0;
  int documents_ = 0;
  std::string error_;
  int error_line_ = 0;
};

// What must not reach yaml-cpp. Inside quotes and comments they count as well, but no real file comes near.
std::string refusal(std::string_view text) {
  if (text.size() > max_yaml_bytes) return "larger than 1 MiB";
  if (!is_utf8(text)) return "not UTF-8 text";
  const auto flow = std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{' || c == ','; });
  if (static_cast<std::size_t>(flow) > max_yaml_flow) return "more than 50000 of the characters [ { ,";
  return "";
}

base::Error at(const std::string& file, int line, const std::string& message) {
  return base::fail(base::ErrorCode::malformed, file + ":" + std::to_string(line) + ": " + message);
}

}  // namespace

bool is_utf8(std::string_view text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

base::Result<YamlDocument> parse_yaml(std::string_view text, const std::string& file) {
  if (std::string reason = refusal(text); !reason.empty()) return at(file, 1, reason);
  YamlDocument document;
  document.lines[""] = 1;
  Builder builder(document);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (!builder.failed() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    if (!builder.failed()) return at(file, std::max(error.mark.line, 0) + 1, "not valid YAML: " + error.msg);
  }
  if (builder.failed()) return at(file, builder.error_line(), builder.error());
  return document;
}

int line_of(const YamlDocument& document, std::string_view pointer) {
  for (std::string at(pointer);; at.erase(at.rfind('/'))) {
    if (const auto line = document.lines.find(at); line != document.lines.end()) return line->second;
    if (at.find('/') == std::string::npos) return 1;
  }
}

std::string child_pointer(const std::string& parent, std::string_view key) {
  std::string pointer = parent + '/';
  for (char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

}  // namespace spec
