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

}  // namespace chassis::consumer
