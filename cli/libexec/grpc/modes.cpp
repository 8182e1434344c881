#include "cli/libexec/grpc/modes.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <set>

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include "base/json.hpp"
#include "cli/libexec/proto/describe.hpp"

namespace grpc_program {
namespace {

using base::ErrorCode;

int complain(const base::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return error.code == ErrorCode::invalid ? 2 : 1;
}

base::Result<int> number(const std::string& option, const std::string& text, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > most) {
    return base::fail(ErrorCode::invalid,
                      option + ": expected a number from 0 to " + std::to_string(most) + ", not '" + text + "'");
  }
  return value;
}

base::Result<void> set(Options& options, const std::string& option, const std::string& value) {
  if (option == "-I") {
    options.sources.roots.emplace_back(value);
  } else if (option == "--set") {
    options.set_file = value;
  } else if (option == "--set-out") {
    options.set_out = value;
  } else if (option == "--listen") {
    options.listen = value;
  } else if (option == "--fd") {
    TRY(options.held, number(option, value, 1 << 20));
  } else if (option == "--answer-timeout-ms") {
    TRY(options.answer_timeout_ms, number(option, value, 600'000));
  } else {
    return base::fail(ErrorCode::invalid, "no such option: " + option);
  }
  return base::success();
}

int describe(const Options& options) {
  const auto schema = schema_of(options);
  if (!schema) return complain(schema.error());
  if (schema.value() == nullptr)
    return complain(base::fail(ErrorCode::invalid, "describe: name a .proto file or --set FILE"));
  if (!options.set_out.empty()) {
    std::ofstream out(options.set_out, std::ios::binary);
    out << schema.value()->set();
    if (!out.flush()) return complain(base::fail(ErrorCode::permission, options.set_out + ": cannot be written"));
  }
  const auto text = base::dump_json(proto::describe(*schema.value(), options.with_imports)) + "\n";
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? 0 : 1;
}

}  // namespace

base::Result<Options> read_options(const std::vector<std::string>& arguments) {
  static const std::set<std::string> modes = {"describe", "encode", "decode", "call", "serve"};
  Options options;
  if (arguments.empty() || !modes.contains(arguments.front())) {
    return base::fail(ErrorCode::invalid,
                      "usage: msctl-grpc describe|encode|decode|call|serve [OPTION]… [FILE.proto]…");
  }
  options.mode = arguments.front();
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (argument == "--with-imports") {
      options.with_imports = true;
    } else if (!argument.starts_with("-")) {
      options.sources.files.push_back(argument);
    } else if (i + 1 == arguments.size()) {
      return base::fail(ErrorCode::invalid, argument + ": a value is missing, or there is no such option");
    } else {
      TRY(set(options, argument, arguments[++i]));
    }
  }
  return options;
}

base::Result<std::shared_ptr<const proto::Schema>> schema_of(const Options& options) {
  if (options.set_file.empty()) {
    if (options.sources.files.empty()) return std::shared_ptr<const proto::Schema>();
    return proto::Schema::read(options.sources);
  }
  std::ifstream in(options.set_file, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (!in) return base::fail(ErrorCode::not_found, options.set_file + ": cannot be read");
  return proto::Schema::parse(bytes);
}

int run(const std::vector<std::string>& arguments) {
  const auto options = read_options(arguments);
  if (!options) return complain(options.error());
  std::signal(SIGPIPE, SIG_IGN);
  // The libraries' own complaints are for their developers; what matters comes as a status or an error of ours.
  gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
  if (options.value().mode == "describe") return describe(options.value());
  return options.value().mode == "serve" ? run_server(options.value()) : run_session(options.value());
}

}  // namespace grpc_program
