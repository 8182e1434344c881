#include "cli/load/csv.hpp"

#include <string>
#include <vector>

namespace load {
namespace {

using base::ErrorCode;

struct Record {
  std::vector<std::string> values;
  int line = 0;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  bool at_end() {
    while (!text_.empty() && (text_.front() == '\n' || text_.front() == '\r')) take();
    return text_.empty();
  }

  base::Result<Record> record() {
    Record record;
    record.line = line_;
    while (true) {
      std::string value;
      TRY(read_value(value));
      record.values.push_back(std::move(value));
      if (text_.empty()) return record;
      const char end = take();
      if (end == ',') continue;
      if (end == '\r' && !text_.empty() && text_.front() == '\n') take();
      return record;
    }
  }

 private:
  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    if (c == '\n') ++line_;
    return c;
  }

  base::Result<void> read_value(std::string& value) {
    if (text_.empty() || text_.front() != '"') {
      while (!text_.empty() && text_.front() != ',' && text_.front() != '\n' && text_.front() != '\r') value += take();
      return base::success();
    }
    const int began = line_;
    take();
    while (true) {
      if (text_.empty()) return wrong(began, "a quote that is not closed");
      const char c = take();
      if (c != '"') {
        value += c;
      } else if (!text_.empty() && text_.front() == '"') {
        value += take();
      } else {
        break;
      }
    }
    if (!text_.empty() && text_.front() != ',' && text_.front() != '\n' && text_.front() != '\r') {
      return wrong(line_, "text behind a closing quote");
    }
    return base::success();
  }

  static base::Error wrong(int line, const std::string& what) {
    return base::fail(ErrorCode::malformed, "line " + std::to_string(line) + ": " + what);
  }

  std::string_view text_;
  int line_ = 1;
};

}  // namespace

base::Result<base::Json> read_csv(std::string_view text) {
  Scanner scanner(text);
  base::Json rows = base::Json::array();
  if (scanner.at_end()) return base::fail(ErrorCode::malformed, "line 1: expected the names of the columns");
  TRY(const auto header, scanner.record());
  std::size_t cells = 0;
  while (!scanner.at_end()) {
    TRY(const auto record, scanner.record());
    if (record.values.size() != header.values.size()) {
      return base::fail(ErrorCode::malformed, "line " + std::to_string(record.line) + ": " +
                                                  std::to_string(record.values.size()) + " values for " +
                                                  std::to_string(header.values.size()) + " columns");
    }
    cells += record.values.size();
    if (cells > max_csv_cells) return base::fail(ErrorCode::malformed, "more than 2,000,000 values");
    base::Json row = base::Json::object();
    for (std::size_t i = 0; i < record.values.size(); ++i) row[header.values[i]] = record.values[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace load
