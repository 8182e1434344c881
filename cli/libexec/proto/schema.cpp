#include "cli/libexec/proto/schema.hpp"

#include <set>

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "cli/libexec/proto/source_tree.hpp"

namespace proto {

namespace pb = google::protobuf;

// Members in the order in which they lean on each other.
struct Schema::Pool {
  Sources sources;
  std::unique_ptr<SourceTree> tree;
  pb::DescriptorPoolDatabase linked_in{*pb::DescriptorPool::generated_pool()};
  pb::SimpleDescriptorDatabase given;
  std::unique_ptr<pb::DescriptorDatabase> database;
  std::unique_ptr<Problems> problems;
  std::unique_ptr<pb::DescriptorPool> pool;
  mutable std::unique_ptr<pb::DynamicMessageFactory> factory;
};

namespace {

// The linker keeps of a library only what somebody names, and what imports may need is found by name at run time.
void keep_well_known_types() {
  pb::Any::descriptor();
  pb::Duration::descriptor();
  pb::Empty::descriptor();
  pb::FieldMask::descriptor();
  pb::Struct::descriptor();
  pb::Timestamp::descriptor();
  pb::BoolValue::descriptor();
}

base::Error problem(const Problems& problems, const std::string& otherwise) {
  const auto line = problems.first().value_or(otherwise);
  const bool missing = line.ends_with(" is not there");
  return base::fail(missing ? base::ErrorCode::not_found : base::ErrorCode::malformed, line);
}

void add_with_imports(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>& seen,
                      std::vector<const pb::FileDescriptor*>& into) {
  if (!seen.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) add_with_imports(*file.dependency(i), seen, into);
  into.push_back(&file);
}

}  // namespace

Schema::Schema(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {
  pool_->factory = std::make_unique<pb::DynamicMessageFactory>(pool_->pool.get());
}

Schema::~Schema() = default;

base::Result<std::shared_ptr<const Schema>> Schema::read(const Sources& sources) {
  keep_well_known_types();
  auto pool = std::make_unique<Pool>();
  pool->sources = sources;
  pool->tree = std::make_unique<SourceTree>(pool->sources);
  pool->problems = std::make_unique<Problems>(pool->tree.get());
  auto database = std::make_unique<pb::compiler::SourceTreeDescriptorDatabase>(pool->tree.get(), &pool->linked_in);
  database->RecordErrorsTo(pool->problems.get());
  pool->pool = std::make_unique<pb::DescriptorPool>(database.get(), database->GetValidationErrorCollector());
  pool->pool->EnforceWeakDependencies(true);
  pool->database = std::move(database);
  std::vector<const pb::FileDescriptor*> files;
  for (const auto& file : sources.files) {
    const auto* found = pool->pool->FindFileByName(pool->tree->import_path(file));
    if (found == nullptr || pool->problems->first()) return problem(*pool->problems, file + ": cannot be read");
    files.push_back(found);
  }
  if (files.empty()) return base::fail(base::ErrorCode::invalid, "no .proto file was named");
  std::shared_ptr<Schema> schema(new Schema(std::move(pool)));
  schema->files_ = std::move(files);
  return std::shared_ptr<const Schema>(std::move(schema));
}

base::Result<std::shared_ptr<const Schema>> Schema::parse(std::string_view bytes) {
  keep_well_known_types();
  if (bytes.size() > max_set_bytes) {
    return base::fail(base::ErrorCode::too_large,
                      "the FileDescriptorSet is larger than " + std::to_string(max_set_bytes >> 20) + " MiB");
  }
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::fail(base::ErrorCode::malformed, "these bytes are no FileDescriptorSet");
  }
  if (set.file_size() == 0 || set.file_size() > static_cast<int>(max_files)) {
    return base::fail(base::ErrorCode::malformed, "a FileDescriptorSet has 1 to " + std::to_string(max_files) +
                                                      " files, not " + std::to_string(set.file_size()));
  }
  auto pool = std::make_unique<Pool>();
  std::set<std::string> names;
  for (const auto& file : set.file()) {
    if (!names.insert(file.name()).second) {
      return base::fail(base::ErrorCode::malformed, file.name() + ": stands twice in the FileDescriptorSet");
    }
    if (!pool->given.Add(file)) {
      return base::fail(base::ErrorCode::malformed, file.name() + ": defines what another file defines as well");
    }
  }
  pool->database = std::make_unique<pb::MergedDescriptorDatabase>(&pool->given, &pool->linked_in);
  pool->problems = std::make_unique<Problems>();
  pool->pool = std::make_unique<pb::DescriptorPool>(pool->database.get(), pool->problems.get());
  std::vector<const pb::FileDescriptor*> files;
  for (const auto& file : set.file()) {
    const auto* found = pool->pool->FindFileByName(file.name());
    if (found == nullptr) return problem(*pool->problems, file.name() + ": cannot be used");
    files.push_back(found);
  }
  std::shared_ptr<Schema> schema(new Schema(std::move(pool)));
  schema->files_ = std::move(files);
  return std::shared_ptr<const Schema>(std::move(schema));
}

std::vector<const pb::FileDescriptor*> Schema::files_with_imports() const {
  std::set<const pb::FileDescriptor*> seen;
  std::vector<const pb::FileDescriptor*> all;
  for (const auto* file : files_) add_with_imports(*file, seen, all);
  return all;
}

std::string Schema::set() const {
  pb::FileDescriptorSet set;
  for (const auto* file : files_with_imports()) {
    auto* one = set.add_file();
    file->CopyTo(one);
    file->CopyJsonNameTo(one);
    file->CopySourceCodeInfoTo(one);
  }
  return set.SerializeAsString();
}

const pb::Descriptor* Schema::message(const std::string& full_name) const {
  return pool_->pool->FindMessageTypeByName(full_name.starts_with('.') ? full_name.substr(1) : full_name);
}

const pb::MethodDescriptor* Schema::method(std::string_view path) const {
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return nullptr;
  const auto* service = pool_->pool->FindServiceByName(std::string(path.substr(0, slash)));
  return service == nullptr ? nullptr : service->FindMethodByName(std::string(path.substr(slash + 1)));
}

std::unique_ptr<pb::Message> Schema::make(const pb::Descriptor& type) const {
  return std::unique_ptr<pb::Message>(pool_->factory->GetPrototype(&type)->New());
}

}  // namespace proto
