#include "cli/scaffold/engine.hpp"

#include <algorithm>
#include <vector>

namespace scaffold {
namespace {

using base::Json;

// More than any template needs; a hostile one must not take all time or memory.
constexpr std::size_t deepest_section = 32;
constexpr std::size_t most_output = 4 << 20;
constexpr std::size_t most_nodes = 1'000'000;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

enum class Part : std::uint8_t { text, variable, section, inverted };

struct Node {
  Part part = Part::text;
  std::string content;  // the text, or the name
  std::size_t at = 0;
  std::vector<Node> children;
};

// One tag: its kind (# ^ / ! > & = { or 0) and what is in it.
struct Tag {
  char kind = 0;
  std::string content;
  std::size_t begin = 0;
  std::size_t end = 0;
};

class Parser {
 public:
  Parser(const std::string& file, const std::string& text) : file_(file), text_(text) {}

  base::Result<Node> parse() {
    std::vector<Node> open(1);
    open.front().part = Part::section;
    for (std::size_t position = 0;;) {
      Tag tag;
      TRY(const bool more, next(position, tag));
      add_text(open.back(), position, more ? tag.begin : text_.size());
      if (!more) break;
      position = tag.end;
      TRY(take(tag, open));
    }
    if (open.size() > 1) return wrong(open.back().at, "the section " + open.back().content + " is not closed");
    return std::move(open.front());
  }

  base::Error wrong(std::size_t at, const std::string& what) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return base::fail(base::ErrorCode::invalid, file_ + ":" + std::to_string(line) + ": " + what);
  }

 private:
  // False at the end. A tag that shows nothing and has its line to itself takes the line with it.
  base::Result<bool> next(std::size_t position, Tag& tag) {
    const std::size_t begin = text_.find(open_, position);
    if (begin == std::string::npos) return false;
    std::size_t inside = begin + open_.size();
    const bool is_triple = open_ == "{{" && text_.compare(inside, 1, "{") == 0;
    const std::string closing = is_triple ? "}}}" : close_;
    if (is_triple) ++inside;
    const std::size_t end = text_.find(closing, inside);
    if (end == std::string::npos) return wrong(begin, "the tag is not closed with " + closing);
    tag = {is_triple ? '{' : '\0', std::string(trimmed(std::string_view(text_).substr(inside, end - inside))), begin,
           end + closing.size()};
    constexpr std::string_view kinds = "#^/!>&=";
    if (!is_triple && !tag.content.empty() && kinds.find(tag.content.front()) != std::string_view::npos) {
      tag.kind = tag.content.front();
      tag.content = trimmed(std::string_view(tag.content).substr(1));
    }
    if (tag.kind != 0 && tag.kind != '{' && tag.kind != '&') take_the_line(tag);
    return true;
  }

  void take_the_line(Tag& tag) const {
    const auto is_gap = [this](std::size_t at) {
      return std::string_view(" \t\r").find(text_[at]) != std::string::npos;
    };
    std::size_t start = tag.begin;
    while (start > 0 && is_gap(start - 1)) --start;
    std::size_t stop = tag.end;
    while (stop < text_.size() && is_gap(stop)) ++stop;
    const bool begins = start == 0 || text_[start - 1] == '\n';
    const bool ends = stop == text_.size() || text_[stop] == '\n';
    if (!begins || !ends) return;
    tag.begin = start;
    tag.end = std::min(stop + 1, text_.size());
  }

  base::Result<void> take(const Tag& tag, std::vector<Node>& open) {
    switch (tag.kind) {
      case '!':
        return base::success();
      case '=':
        return set_delimiters(tag);
      case '>':
        return wrong(tag.begin, "partials ({{> …}}) are not supported");
      case '#':
      case '^':
        if (open.size() > deepest_section) return wrong(tag.begin, "sections are nested more than 32 deep");
        open.push_back({tag.kind == '#' ? Part::section : Part::inverted, tag.content, tag.begin, {}});
        return base::success();
      case '/': {
        if (open.size() == 1 || open.back().content != tag.content) {
          return wrong(tag.begin, "{{/" + tag.content + "}} closes no section that is open here");
        }
        Node closed = std::move(open.back());
        open.pop_back();
        open.back().children.push_back(std::move(closed));
        return base::success();
      }
      default:
        open.back().children.push_back({Part::variable, tag.content, tag.begin, {}});
        return base::success();
    }
  }

  base::Result<void> set_delimiters(const Tag& tag) {
    const auto both = trimmed(std::string_view(tag.content).substr(0, tag.content.find_last_of('=')));
    const std::size_t gap = both.find(' ');
    if (!tag.content.ends_with('=') || gap == std::string_view::npos) {
      return wrong(tag.begin, "expected new delimiters, such as {{=<% %>=}}");
    }
    open_ = both.substr(0, gap);
    close_ = trimmed(both.substr(gap));
    return base::success();
  }

  void add_text(Node& into, std::size_t begin, std::size_t end) const {
    if (begin < end) into.children.push_back({Part::text, text_.substr(begin, end - begin), begin, {}});
  }

  const std::string& file_;
  const std::string& text_;
  std::string open_ = "{{";
  std::string close_ = "}}";
};

base::Result<void> check_names(const Parser& parser, const Node& node, const std::set<std::string>& known) {
  for (const auto& child : node.children) {
    if (child.part == Part::text) continue;
    if (child.content != "." && !known.contains(child.content)) {
      return parser.wrong(child.at, "there is no variable \"" + child.content.substr(0, 60) + "\"");
    }
    TRY(check_names(parser, child, known));
  }
  return base::success();
}

bool is_true(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.is_null() && !(value.is_array() && value.empty());
}

class Renderer {
 public:
  explicit Renderer(const Parser& parser) : parser_(parser) {}

  base::Result<void> render(const Node& node, const Json& data) {
    around_.push_back(&data);
    for (const auto& child : node.children) {
      TRY(render_one(child));
    }
    around_.pop_back();
    return base::success();
  }

  std::string out;

 private:
  base::Result<void> render_one(const Node& node) {
    if (++steps_ > most_nodes || out.size() > most_output) return parser_.wrong(node.at, "this makes more than 4 MiB");
    if (node.part == Part::text) {
      out += node.content;
      return base::success();
    }
    const Json* const value = find(node.content);
    if (value == nullptr) return parser_.wrong(node.at, "there is no variable \"" + node.content + "\" here");
    if (node.part == Part::inverted) return is_true(*value) ? base::success() : render(node, *around_.back());
    if (node.part == Part::section) return render_section(node, *value);
    if (value->is_structured()) return parser_.wrong(node.at, node.content + " is a list, not a text");
    out += value->is_string() ? value->get<std::string>() : value->dump();
    return base::success();
  }

  base::Result<void> render_section(const Node& node, const Json& value) {
    if (!is_true(value)) return base::success();
    if (!value.is_array()) return render(node, value);
    for (const auto& item : value) {
      TRY(render(node, item));
    }
    return base::success();
  }

  // From the inside outwards.
  const Json* find(const std::string& name) const {
    if (name == ".") return around_.back();
    for (auto at = around_.rbegin(); at != around_.rend(); ++at) {
      if ((*at)->is_object() && (*at)->contains(name)) return &(**at)[name];
    }
    return nullptr;
  }

  const Parser& parser_;
  std::vector<const Json*> around_;
  std::size_t steps_ = 0;
};

}  // namespace

base::Result<void> check_template(const std::string& file, const std::string& text,
                                  const std::set<std::string>& known) {
  Parser parser(file, text);
  TRY(const auto root, parser.parse());
  return check_names(parser, root, known);
}

base::Result<std::string> render(const std::string& file, const std::string& text, const Json& data) {
  Parser parser(file, text);
  TRY(const auto root, parser.parse());
  Renderer renderer(parser);
  TRY(renderer.render(root, data));
  return std::move(renderer.out);
}

}  // namespace scaffold
