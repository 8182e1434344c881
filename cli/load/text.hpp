#pragma once
// Texts of a scenario with ${…} in them: read once, filled in for each request without looking at names again. What may
// stand in ${…} is in docs/load.md. Text and Filler are plain values; a Filler belongs to one thread.

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace load {

// A value that a name stands for. `is_json`: the text is JSON already (a number, true, a list), not a string's content.
struct Value {
  std::string text;
  bool is_json = false;
};

Value value_of(const base::Json& json);

enum class Source : std::uint8_t { literal, slot, column, uuid, counter, random, letters, now, now_ms, iteration, run };
// How a value is written: as it is, percent-encoded, without line ends, within quotes of JSON, as a whole JSON value.
enum class Escape : std::uint8_t { none, url, header, json_string, json_value };

struct Part {
  Source source = Source::literal;
  Escape escape = Escape::none;
  std::string text = {};   // literal
  std::size_t index = 0;   // slot, or number of the data set
  std::size_t column = 0;  // of the data set
  std::int64_t low = 0;    // random: least; letters: how many
  std::int64_t high = 0;
};

struct Text {
  std::vector<Part> parts;

  bool is_static() const;
  bool empty() const { return parts.empty(); }
  void add_literal(std::string_view text);
};

// The names that ${…} may use.
struct Names {
  std::map<std::string, std::size_t> slots;              // variables and captures
  std::map<std::string, std::vector<std::string>> data;  // columns of each data set
  std::map<std::string, std::size_t> data_index;

  std::size_t slot(const std::string& name);  // that of the name, new if need be
};

// Errors: malformed, for an unknown name with the nearest known one, or a ${ without its end. `$${` is a literal `${`.
base::Result<Text> read_text(std::string_view text, Escape escape, const Names& names);
// JSON whose strings may hold ${…}. A string that is nothing but one ${…} becomes a value of the type it stands for.
base::Result<Text> read_json_text(const base::Json& value, const Names& names);

struct DataSet {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  enum class Order : std::uint8_t { in_turn, random } order = Order::in_turn;
};

// What one iteration of a scenario knows.
struct Frame {
  std::vector<Value> slots;
  std::vector<std::size_t> rows;  // of each data set
  std::uint64_t iteration = 0;
};

// Fills texts in. Thread `number` of `threads`: their counters give different numbers.
class Filler {
 public:
  Filler(const std::vector<DataSet>& data, std::string run, unsigned number, unsigned threads, std::uint64_t seed);

  // Chooses the rows for a new iteration.
  void begin(Frame& frame);
  void append(const Text& text, const Frame& frame, std::string& out);
  std::mt19937_64& random() { return random_; }
  // For what must never come again: of no seed.
  std::mt19937_64& unique() { return unique_; }

 private:
  void append(const Part& part, const Frame& frame, std::string& out);
  void append_uuid();

  const std::vector<DataSet>& data_;
  std::string run_;
  unsigned threads_;
  std::uint64_t counter_;
  std::uint64_t iteration_;
  std::mt19937_64 random_;
  std::mt19937_64 unique_;
  std::string scratch_;
};

}  // namespace load
