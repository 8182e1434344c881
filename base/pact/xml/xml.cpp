#include "base/pact/xml/xml.hpp"

#include <algorithm>
#include <map>

#include <pugixml.hpp>

#include "base/pact/check.hpp"

namespace base::pact {
namespace {

constexpr int max_xml_depth = 60;  // as deep as a path of a rule can be
constexpr std::size_t max_xml_steps = 500'000;

// The prefix's namespace, looked for outwards.
std::string namespace_of(pugi::xml_node node, std::string_view prefix) {
  const auto name = prefix.empty() ? std::string("xmlns") : "xmlns:" + std::string(prefix);
  for (; node; node = node.parent()) {
    if (const auto found = node.attribute(name.c_str())) return found.value();
  }
  return {};
}

std::string resolved(pugi::xml_node scope, std::string_view name, bool attribute) {
  const auto colon = name.find(':');
  const auto prefix = colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
  const auto local = colon == std::string_view::npos ? name : name.substr(colon + 1);
  // An attribute without a prefix is in no namespace (Namespaces in XML 1.0, section 6.2).
  const auto space = attribute && prefix.empty() ? std::string() : namespace_of(scope, prefix);
  return space.empty() ? std::string(name) : space + ":" + std::string(local);
}

std::string name_of(pugi::xml_node element) { return resolved(element, element.name(), false); }

std::map<std::string, std::string> attributes_of(pugi::xml_node element) {
  std::map<std::string, std::string> found;
  for (const auto& one : element.attributes()) {
    const std::string_view name = one.name();
    if (name == "xmlns" || name.starts_with("xmlns:")) continue;
    found[resolved(element, name, true)] = one.value();
  }
  return found;
}

std::string text_in(pugi::xml_node element) {
  std::string text;
  for (const auto child : element.children()) {
    if (child.type() != pugi::node_pcdata && child.type() != pugi::node_cdata) continue;
    const std::string_view piece = child.value();
    const auto begin = piece.find_first_not_of(" \t\r\n");
    if (begin != std::string_view::npos) text += piece.substr(begin, piece.find_last_not_of(" \t\r\n") - begin + 1);
  }
  return text;
}

std::map<std::string, std::vector<pugi::xml_node>> children_of(pugi::xml_node element) {
  std::map<std::string, std::vector<pugi::xml_node>> found;
  for (const auto child : element.children()) {
    if (child.type() == pugi::node_element) found[name_of(child)].push_back(child);
  }
  return found;
}

class XmlComparison {
 public:
  XmlComparison(const RuleCategory& rules, Direction direction) : rules_(rules), direction_(direction) {}

  void element(const Where& place, pugi::xml_node expected, pugi::xml_node actual) {
    if (++steps_ > max_xml_steps || place.size() > max_xml_depth) {
      add(place, "", "", "", "there is too much to compare");
      return;
    }
    if (found.size() >= max_mismatches) return;
    if (name_of(expected) != name_of(actual)) {
      add(place, "equality", name_of(expected), name_of(actual),
          "expected the element <" + shortened(name_of(expected)) + ">, got <" + shortened(name_of(actual)) + ">");
      return;
    }
    sizes(place, actual);
    attributes(place, attributes_of(expected), attributes_of(actual));
    children(place, children_of(expected), children_of(actual));
    value(under(place, "#text"), text_in(expected), text_in(actual));
  }

  std::vector<Mismatch> found;

 private:
  using Children = std::map<std::string, std::vector<pugi::xml_node>>;

  static Where under(const Where& place, const std::string& name) {
    auto next = place;
    next.push_back(name);
    return next;
  }

  void add(const Where& place, std::string rule, const Json& expected, const Json& actual, std::string message) {
    if (found.size() >= max_mismatches) return;
    found.push_back(mismatch(Place::body, to_text(place), std::move(rule), expected, actual, std::move(message)));
  }

  // The sizes of a rule that was set on the element count its children, texts among them, as Pact's own library does.
  // It counts comments and the white space between elements, too; here a layout changes nothing.
  void sizes(const Where& place, pugi::xml_node actual) {
    const auto chosen = choose(rules_, place);
    if (chosen.list == nullptr || chosen.cascaded) return;
    Json elements = Json::array();
    for (const auto child : actual.children()) {
      if (child.type() == pugi::node_element) elements.push_back(child.name());
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) elements.push_back("#text");
    }
    for (const auto& rule : chosen.list->rules) {
      if (!rule.min && !rule.max) continue;
      if (auto message = check(rule, elements, elements, false)) add(place, describe(rule), "", elements, *message);
    }
  }

  void value(const Where& place, const std::string& expected, const std::string& actual) {
    const auto chosen = choose(rules_, place);
    if (chosen.list == nullptr) {
      if (expected != actual)
        add(place, "equality", expected, actual, "expected " + shown(expected) + ", got " + shown(actual));
      return;
    }
    // A rule of an element says nothing about text where the example has none.
    if (chosen.cascaded && expected.empty() && actual.empty()) return;
    for (auto& [rule, message] : pact::check(*chosen.list, expected, actual, chosen.cascaded, Reading::text)) {
      add(place, rule, expected, actual, message);
    }
  }

  void attributes(const Where& place, const std::map<std::string, std::string>& expected,
                  const std::map<std::string, std::string>& actual) {
    for (const auto& [name, text] : expected) {
      const auto other = actual.find(name);
      if (other == actual.end()) {
        add(under(place, "@" + name), "equality", text, "", "expected the attribute, which is missing");
      } else {
        value(under(place, "@" + name), text, other->second);
      }
    }
    if (direction_ == Direction::response) return;
    for (const auto& [name, text] : actual) {
      if (!expected.contains(name)) add(under(place, "@" + name), "equality", "", text, "is not expected in a request");
    }
  }

  bool any_number(const Where& place) const {
    const auto chosen = choose(rules_, place);
    return chosen.list != nullptr && std::any_of(chosen.list->rules.begin(), chosen.list->rules.end(),
                                                 [](const Rule& rule) { return rule.kind == RuleKind::type; });
  }

  void children(const Where& place, const Children& expected, const Children& actual) {
    for (const auto& [name, group] : expected) {
      const auto here = under(place, name);
      const auto other = actual.find(name);
      const auto& got = other == actual.end() ? none_ : other->second;
      const bool free = any_number(here) && !got.empty();
      for (std::size_t i = 0; i < std::max(group.size(), got.size()); ++i) {
        if (i >= got.size()) {
          if (!free)
            add(here, "equality", name, "", "expected the element <" + shortened(name) + ">, which is missing");
        } else if (i < group.size() || free) {
          element(here, i < group.size() ? group[i] : group[0], got[i]);
        } else if (direction_ == Direction::request) {
          add(here, "equality", "", name, "one more element <" + shortened(name) + "> than expected in a request");
        }
      }
    }
    for (const auto& [name, group] : actual) {
      if (expected.contains(name)) continue;
      const auto here = under(place, name);
      // A rule of type says what the elements are like, and the example has none of this name to be like.
      if (direction_ == Direction::response && !any_number(here)) continue;
      add(here, "equality", "", name, "the element <" + shortened(name) + "> is not in the example");
    }
  }

  const RuleCategory& rules_;
  Direction direction_;
  std::size_t steps_ = 0;
  std::vector<pugi::xml_node> none_;
};

// Elements of one name are at one place here, whichever of them they are: `$.a.b[*].c` is `$.a.b.c`.
RuleCategory without_indices(const RuleCategory& rules) {
  auto made = rules;
  for (auto& entry : made) {
    std::string path = "$";
    for (const auto& [kind, text] : entry.path.tokens()) {
      if (kind == PathExpression::Kind::any_key) path += ".*";
      if (kind == PathExpression::Kind::key || kind == PathExpression::Kind::index)
        path += to_text(Where{text}).substr(1);
    }
    if (auto parsed = PathExpression::parse(path)) entry.path = std::move(parsed).value();
  }
  return made;
}

std::vector<Mismatch> broken(const char* which, const pugi::xml_parse_result& result) {
  return {mismatch(
      Place::body, "$", "", "", "",
      std::string(which) + " is not XML: " + result.description() + " at byte " + std::to_string(result.offset))};
}

std::optional<std::vector<Mismatch>> match_xml(const Body& expected, const Body& actual, const RuleCategory& rules,
                                               Direction direction) {
  if (!is_xml(expected.content_type.empty() ? sniff(expected.bytes) : expected.content_type)) return std::nullopt;
  // White space counts as a text only where it is all that an element has.
  constexpr unsigned options = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_wconv_attribute | pugi::parse_eol |
                               pugi::parse_ws_pcdata_single;
  pugi::xml_document want;
  pugi::xml_document have;
  if (const auto read = want.load_buffer(expected.bytes.data(), expected.bytes.size(), options); !read) {
    return broken("the example", read);
  }
  if (const auto read = have.load_buffer(actual.bytes.data(), actual.bytes.size(), options); !read) {
    return broken("what came", read);
  }
  const auto without = without_indices(rules);
  XmlComparison comparison(without, direction);
  comparison.element({name_of(want.document_element())}, want.document_element(), have.document_element());
  return std::move(comparison.found);
}

}  // namespace

BodyMatcher xml_matcher() { return match_xml; }

}  // namespace base::pact
