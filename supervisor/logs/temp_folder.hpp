#pragma once
// A folder that lives as long as its owner; for tests.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "supervisor/logs/record.hpp"

namespace logs {

class TempFolder {
 public:
  TempFolder() {
    char pattern[] = "/tmp/msctl-logs-XXXXXX";
    path_ = ::mkdtemp(pattern);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
    return text.str();
  }
  void append(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::app | std::ios::binary) << text;
  }
  // What the index of a log holds.
  std::vector<Record> records(const std::string& log) const {
    std::ifstream in(path_ / index_folder / log, std::ios::binary);
    std::vector<Record> all;
    for (Record one; in.read(reinterpret_cast<char*>(&one), sizeof(one));) all.push_back(one);
    return all;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace logs
