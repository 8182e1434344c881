#pragma once
// What messages and methods there are: read from .proto files, from their texts, or from a FileDescriptorSet.
//
// Input is bounded and may be hostile: sizes, depth of nesting and the number of files have limits, and what breaks a
// rule of protobuf is refused by one line that says where. A Schema does not change once made; thread-safe from then
// on.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "base/result.hpp"

namespace proto {

inline constexpr std::size_t max_source_bytes = 1 << 20;  // of one .proto file
inline constexpr std::size_t max_set_bytes = 16 << 20;    // of a FileDescriptorSet
inline constexpr std::size_t max_files = 2000;            // imports included
inline constexpr int max_nesting = 60;                    // braces in a source file

struct Sources {
  std::vector<std::filesystem::path> roots = {};  // where imports are looked up, in order; none: the working folder
  std::map<std::string, std::string> root_files = {};  // texts by import path; they go before the roots
  std::vector<std::string> files;                      // import paths, or paths of files that lie in a root
};

class Schema {
 public:
  // Errors: malformed, as `FILE:LINE:COLUMN: what`, the first problem only; not_found, for a file that is not there.
  static base::Result<std::shared_ptr<const Schema>> read(const Sources& sources);
  // Of a serialised FileDescriptorSet; imports of google/protobuf/*.proto need not be in it. Errors: malformed.
  static base::Result<std::shared_ptr<const Schema>> parse(std::string_view set);

  Schema(const Schema&) = delete;
  ~Schema();

  // The files that were asked for; of a set, all.
  const std::vector<const google::protobuf::FileDescriptor*>& files() const { return files_; }
  // With everything they import, what is imported first.
  std::vector<const google::protobuf::FileDescriptor*> files_with_imports() const;
  // A serialised FileDescriptorSet of files_with_imports(), with positions and comments.
  std::string set() const;

  // By full name; null when there is none.
  const google::protobuf::Descriptor* message(const std::string& full_name) const;
  // By `package.Service/Method`; a leading slash is allowed.
  const google::protobuf::MethodDescriptor* method(std::string_view path) const;
  // An empty message. It must not outlive the schema.
  std::unique_ptr<google::protobuf::Message> make(const google::protobuf::Descriptor& type) const;

 private:
  struct Pool;
  explicit Schema(std::unique_ptr<Pool> pool);

  std::unique_ptr<Pool> pool_;
  std::vector<const google::protobuf::FileDescriptor*> files_;
};

}  // namespace proto
