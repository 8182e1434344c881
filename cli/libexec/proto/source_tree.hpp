#pragma once
// Where .proto files are found, and the first problem that protobuf finds in them. Internal to cli/libexec/proto.

#include <optional>
#include <string>

#include <google/protobuf/compiler/importer.h>

#include "cli/libexec/proto/schema.hpp"

namespace proto {

// Texts first, then the roots. Not thread-safe.
class SourceTree final : public google::protobuf::compiler::SourceTree {
 public:
  // `sources` is lent.
  explicit SourceTree(const Sources& sources);

  google::protobuf::io::ZeroCopyInputStream* Open(const std::string& name) override;
  std::string GetLastErrorMessage() override { return problem_; }
  // Why the last call of Open failed, for a sentence that begins with the file's name; empty for another file.
  std::string problem_of(const std::string& name) const { return name == failed_ ? problem_ : std::string(); }

  // The import path of a file that was named by import path or by where it lies; the name itself when it lies nowhere.
  std::string import_path(const std::string& file) const;

 private:
  base::Result<std::string> text_of(const std::string& name) const;

  const Sources& sources_;
  std::vector<std::filesystem::path> roots_;
  std::string failed_;
  std::string problem_;
  std::size_t opened_ = 0;
};

// Keeps the first problem as one line.
class Problems final : public google::protobuf::compiler::MultiFileErrorCollector,
                       public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  // `tree`, where there is one, is lent.
  explicit Problems(const SourceTree* tree = nullptr) : tree_(tree) {}

  // Of a source file; line and column count from 0, -1 when unknown.
  void AddError(const std::string& file, int line, int column, const std::string& message) override;
  // Of a descriptor.
  void AddError(const std::string& file, const std::string& element, const google::protobuf::Message* descriptor,
                ErrorLocation location, const std::string& message) override;
  void AddWarning(const std::string& /*file*/, int /*line*/, int /*column*/, const std::string& /*message*/) override {}
  void AddWarning(const std::string& /*file*/, const std::string& /*element*/,
                  const google::protobuf::Message* /*descriptor*/, ErrorLocation /*location*/,
                  const std::string& /*message*/) override {}

  std::optional<std::string> first() const { return first_ ? first_ : unreadable_; }

 private:
  void keep(std::string line);

  const SourceTree* tree_;
  std::optional<std::string> first_;
  std::optional<std::string> unreadable_;  // a file; who imports it is told of next, and says more
};

// True when braces and brackets of a source text nest deeper than that; those in comments and strings do not count.
bool nests_deeper_than(std::string_view text, int limit);

}  // namespace proto
