#include "services/chassis/consumer/parked.hpp"

#include "base/subjects.hpp"

namespace chassis::consumer {

broker::Stream parked_stream(const std::string& service) {
  return {base::stream_name(service) + "-PARKED",
          {service + ".parked.>", service + ".quarantined.>", service + ".replay.>"}};
}

std::string subject_of(Aside aside, const std::string& service, const std::string& type) {
  return service + (aside == Aside::parked ? ".parked." : ".quarantined.") + type;
}

std::string subject_of_replay(const std::string& service, const std::string& type) {
  return service + ".replay." + type;
}

broker::Message copy_aside(const broker::Message& original, std::string subject, const std::string& reason, int attempt,
                           const std::string& time) {
  broker::Message copy{std::move(subject), original.id, {}, original.body};
  for (const auto& [name, value] : original.headers) {
    if (!name.starts_with("Nats-") && !name.starts_with("Parked-")) copy.headers.add(name, value);
  }
  // The broker's window would drop what is put aside again soon after its replay.
  if (const auto replay = original.headers.get(replay_mark); !replay.empty()) copy.id += "#" + std::string(replay);
  const auto before = original.headers.get(parked_subject);
  copy.headers.add(parked_reason, reason);
  copy.headers.add(parked_subject, before.empty() ? original.subject : before);
  copy.headers.add(parked_attempts, std::to_string(attempt));
  copy.headers.add(parked_time, time);
  return copy;
}

void keep_beginning(broker::Message& copy) {
  constexpr std::size_t kept = 4'096;
  constexpr std::size_t longest_header = 1'024;
  if (copy.body.size() > kept) {
    copy.headers.add(parked_size, std::to_string(copy.body.size()));
    copy.body.resize(kept);
  }
  base::http::Headers headers;
  for (const auto& [name, value] : copy.headers) headers.add(name, value.substr(0, longest_header));
  copy.headers = std::move(headers);
}

}  // namespace chassis::consumer
