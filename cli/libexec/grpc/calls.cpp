#include "cli/libexec/grpc/calls.hpp"

#include <grpcpp/support/server_callback.h>

#include "base/base64.hpp"
#include "cli/libexec/proto/json.hpp"

namespace grpc_program {

using base::ErrorCode;
using base::Json;

// One call as gRPC has it. It deletes itself when gRPC is done with it; what it needs of Calls it does by its id.
class WaitingCall final : public grpc::ServerGenericBidiReactor {
 public:
  WaitingCall(Calls& calls, grpc::GenericCallbackServerContext& context, std::optional<grpc::Status> refusal)
      : calls_(calls), context_(context), id_(calls.add(*this)) {
    if (refusal) {
      finish(*refusal, {}, {}, {});
    } else {
      StartRead(&request_);
    }
  }

  const std::string& method() const { return context_.method(); }

  // Once; later ones are dropped.
  void finish(const grpc::Status& status, const std::string& response, const Metadata& initial,
              const Metadata& trailing) {
    const std::lock_guard lock(calls_.mutex_);
    if (std::exchange(finished_, true)) return;
    for (const auto& [key, value] : initial) context_.AddInitialMetadata(key, value);
    for (const auto& [key, value] : trailing) context_.AddTrailingMetadata(key, value);
    if (!status.ok()) return Finish(status);
    response_ = buffer_of(response);
    StartWriteAndFinish(&response_, grpc::WriteOptions(), status);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return finish({grpc::StatusCode::INVALID_ARGUMENT, "the call has no request message"}, {}, {}, {});
    calls_.announce(id_, context_, request_);
  }
  void OnCancel() override {
    calls_.cancelled(id_);
    finish(grpc::Status::CANCELLED, {}, {}, {});
  }
  void OnDone() override {
    calls_.remove(id_);
    delete this;
  }

 private:
  Calls& calls_;
  grpc::GenericCallbackServerContext& context_;
  std::int64_t id_;
  bool finished_ = false;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

grpc::ServerGenericBidiReactor* Calls::accept(grpc::GenericCallbackServerContext& context) {
  std::optional<grpc::Status> refusal;
  const auto* method = schema_ == nullptr ? nullptr : schema_->method(context.method());
  if (method != nullptr && (method->client_streaming() || method->server_streaming())) {
    refusal = grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "streaming methods are not stubbed");
  }
  const std::lock_guard lock(mutex_);
  if (calls_.size() >= max_waiting_calls) {
    refusal = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many calls wait for an answer");
  }
  return new WaitingCall(*this, context, std::move(refusal));
}

std::int64_t Calls::add(WaitingCall& call) {
  const std::lock_guard lock(mutex_);
  calls_[++last_id_].call = &call;
  return last_id_;
}

void Calls::announce(std::int64_t id, const grpc::GenericCallbackServerContext& context,
                     const grpc::ByteBuffer& request) {
  const auto bytes = bytes_of(request);
  Json line = Json::object();
  line["id"] = id;
  line["method"] = context.method().substr(1);
  line["request_base64"] = base::to_base64(bytes);
  if (const auto* method = schema_ == nullptr ? nullptr : schema_->method(context.method()); method != nullptr) {
    const auto message = schema_->make(*method->input_type());
    const auto read = proto::from_bytes(bytes, *message);
    auto json = read ? proto::to_json(*message) : base::Result<Json>(read.error());
    if (json) line["request"] = std::move(json).value();
    if (!json) line["request_error"] = json.error().message;
  }
  line["metadata"] = metadata_of(context.client_metadata());
  line["peer"] = context.peer();
  if (context.deadline() != std::chrono::system_clock::time_point::max()) {
    line["deadline_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(context.deadline() - std::chrono::system_clock::now())
            .count();
  }
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = calls_.find(id); found != calls_.end()) found->second.until = Clock::now() + answer_timeout_;
  }
  out_.write(line);
}

void Calls::cancelled(std::int64_t id) {
  bool announced = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(id);
    announced = found != calls_.end() && found->second.until != Clock::time_point::max();
  }
  if (announced) out_.write(Json::object({{"id", id}, {"cancelled", true}}));
}

void Calls::remove(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  calls_.erase(id);
}

void Calls::answer(const std::string& text) {
  const auto parsed = base::parse_json(text);
  Json complaint = Json::object();
  std::optional<base::Error> wrong;
  if (!parsed || !parsed.value().is_object()) {
    wrong = base::fail(ErrorCode::malformed, parsed ? "not an object" : "not JSON: " + parsed.error().message);
  } else if (const Json id = parsed.value().value("id", Json()); !id.is_number_integer()) {
    wrong = base::fail(ErrorCode::malformed, "id: must be the number of a call");
  } else {
    complaint["id"] = id;
    if (const auto done = try_answer(parsed.value(), id.get<std::int64_t>()); !done) wrong = done.error();
  }
  if (!wrong) return;
  complaint["error"] = wrong->message;
  out_.write(complaint);
}

base::Result<void> Calls::try_answer(const Json& answer, std::int64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return base::success();  // its caller has gone
  WaitingCall& call = *found->second.call;
  const auto refuse = [&call](base::Error error) -> base::Result<void> {
    call.finish({grpc::StatusCode::INTERNAL, "the stub's answer cannot be used: " + error.message}, {}, {}, {});
    return error;
  };
  const auto code = code_of(answer.value("status", Json("OK")));
  if (!code) return refuse(base::fail(ErrorCode::malformed, "status: expected a code or the name of one"));
  const auto initial = metadata_from(answer.value("initial_metadata", Json()));
  if (!initial) return refuse(initial.error());
  const auto trailing = metadata_from(answer.value("trailing_metadata", Json()));
  if (!trailing) return refuse(trailing.error());
  const Json message = answer.value("message", Json(""));
  if (!message.is_string()) return refuse(base::fail(ErrorCode::malformed, "message: must be a string"));
  std::string response;
  if (answer.contains("response_base64")) {
    const Json& text = answer["response_base64"];
    auto bytes = text.is_string() ? base::from_base64(text.get_ref<const std::string&>())
                                  : base::Result<std::string>(base::fail(ErrorCode::malformed, "no text"));
    if (!bytes) return refuse(base::fail(ErrorCode::malformed, "response_base64: must be base64"));
    response = std::move(bytes).value();
  } else if (answer.contains("response")) {
    const auto* method = schema_ == nullptr ? nullptr : schema_->method(call.method());
    if (method == nullptr) {
      return refuse(base::fail(ErrorCode::not_found, "response: no descriptors know the method; send response_base64"));
    }
    const auto output = schema_->make(*method->output_type());
    if (const auto read = proto::from_json(answer["response"], *output); !read) return refuse(read.error());
    response = output->SerializeAsString();
  }
  if (response.size() > max_message_bytes)
    return refuse(base::fail(ErrorCode::too_large, "response: larger than 4 MiB"));
  auto text = message.get<std::string>();
  text.resize(std::min<std::size_t>(text.size(), 1024));
  call.finish({static_cast<grpc::StatusCode>(*code), *code == 0 ? std::string() : text}, response, initial.value(),
              trailing.value());
  return base::success();
}

void Calls::expire() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  for (const auto& [id, waiting] : calls_) {
    if (waiting.until <= now) {
      waiting.call->finish({grpc::StatusCode::DEADLINE_EXCEEDED, "the stub was not told an answer in time"}, {}, {},
                           {});
    }
  }
}

void Calls::cut() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, waiting] : calls_) {
    waiting.call->finish({grpc::StatusCode::UNAVAILABLE, "the stub is going down"}, {}, {}, {});
  }
}

bool Calls::empty() const {
  const std::lock_guard lock(mutex_);
  return calls_.empty();
}

}  // namespace grpc_program
