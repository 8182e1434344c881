#include "base/json.hpp"

#include <unordered_set>
#include <vector>

namespace base {
namespace {

// Builds the document while it watches depth and duplicate keys; nlohmann's own SAX parser is iterative, so depth
// costs no stack.
class StrictBuilder {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  StrictBuilder(std::size_t size, int max_depth) : size_(size), max_depth_(static_cast<std::size_t>(max_depth)) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(number_integer_t value) { return put(value); }
  bool number_unsigned(number_unsigned_t value) { return put(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) { return put(value); }
  bool string(string_t& value) { return put(std::move(value)); }
  bool binary(binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(string_t& name) {
    if (!keys_.back().insert(name).second) {
      problem_ = "the key \"" + name + "\" stands twice in one object";
      return false;
    }
    key_ = std::move(name);
    return true;
  }
  // Says where, never what stood there: the input may hold a password, and the sentence goes into answers and logs.
  bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*why*/) {
    problem_ = position > size_ ? std::string("the input ends too early")
                                : "at byte " + std::to_string(position) + ": not what JSON allows there";
    return false;
  }

  Json take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }

 private:
  Json* place(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    // The key is new (see `key`), so the pair is appended without ordered_map's linear search.
    auto& object = parent.get_ref<Json::object_t&>();
    return &static_cast<Json::object_t::Container&>(object).emplace_back(std::move(key_), std::move(value)).second;
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (stack_.size() >= max_depth_) {
      problem_ = "nested deeper than " + std::to_string(max_depth_) + " levels";
      return false;
    }
    stack_.push_back(place(std::move(container)));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    stack_.pop_back();
    keys_.pop_back();
    return true;
  }

  std::size_t size_;
  std::size_t max_depth_;
  Json root_;
  std::vector<Json*> stack_;  // open containers; a parent never grows while its child is open, so these stay valid
  std::vector<std::unordered_set<std::string>> keys_;
  std::string key_;
  std::string problem_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, int max_depth) {
  // The library takes it for the end, and would never look at what comes after.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return fail(ErrorCode::malformed,
                "not valid JSON: at byte " + std::to_string(nul + 1) + ": not what JSON allows there");
  StrictBuilder builder(text.size(), max_depth);
  if (!Json::sax_parse(text, &builder)) {
    return fail(ErrorCode::malformed, "not valid JSON: " + builder.problem());
  }
  return builder.take();
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string dump_json_pretty(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace base
