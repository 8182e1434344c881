#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/libexec/load/worker.hpp"

namespace load {
namespace {

using State = Connection::State;

bool is_tls(Protocol protocol) { return protocol == Protocol::https || protocol == Protocol::grpcs; }
bool is_grpc(Protocol protocol) { return protocol == Protocol::grpc || protocol == Protocol::grpcs; }

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

bool wants_sockets(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL;
}

}  // namespace

// Gives the flow a connection: one that is idle, or a new one. When there can be none its iteration ends.
void Worker::place(int index, std::uint64_t now) {
  Flow& flow = flows_[static_cast<std::size_t>(index)];
  ++active_;
  auto& idle = idle_[flow.origin];
  int connection = -1;
  if (!idle.empty()) {
    connection = idle.back();
    idle.pop_back();
  } else {
    connection = open(flow.origin, now_ns());
  }
  if (connection < 0) {
    const int error = errno;
    --active_;
    if (wants_sockets(error)) ++health_.no_sockets;
    return failed(index, ErrorKind::connect, std::string("no socket: ") + std::strerror(error),
                  std::max(now, flow.intended_ns));
  }
  flow.connection = connection;
  Connection& taken = connections_[static_cast<std::size_t>(connection)];
  taken.flow = index;
  if (taken.state == State::idle) {
    start_sending(connection);
  } else {
    flow.on_time = false;
    taken.deadline_ns = now_ns() + step_of(flow).timeout_ns;
  }
}

int Worker::open(std::size_t origin_index, std::uint64_t now) {
  const ResolvedOrigin& origin = origins_[origin_index];
  const Endpoint& endpoint = origin.endpoints[turns_[origin_index]++ % origin.endpoints.size()];
  const int fd = ::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.length) != 0 &&
      errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
  }
  int index = 0;
  if (free_connections_.empty()) {
    index = static_cast<int>(connections_.size());
    connections_.emplace_back();
  } else {
    index = free_connections_.back();
    free_connections_.pop_back();
  }
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  ++connection.generation;
  connection.fd = fd;
  connection.state = State::connecting;
  connection.peer_ended = false;
  connection.origin = origin_index;
  connection.flow = -1;
  connection.deadline_ns = now + longest_timeout_ns_;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = static_cast<std::uint64_t>(connection.generation) << 32 | static_cast<std::uint32_t>(index);
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  ++health_.connects;
  return index;
}

// The socket says something while the connection is being made.
void Worker::connected(int index) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  const Origin& origin = origins_[connection.origin].origin;
  if (connection.state == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      if (wants_sockets(error)) ++health_.no_sockets;
      return lose(index, ErrorKind::connect, std::string("no connection: ") + std::strerror(error));
    }
    connection.state = State::handshake;
    if (is_tls(origin.protocol)) {
      const auto& context = is_grpc(origin.protocol) ? shared_.tls_grpc : shared_.tls_http;
      connection.tls = std::make_unique<TlsStream>(*context, connection.fd, origin.host);
    }
  }
  if (connection.tls) {
    const int done = connection.tls->handshake();
    if (done == static_cast<int>(Io::again)) return;
    if (done <= 0) return lose(index, ErrorKind::connect, connection.tls->why());
  }
  if (is_grpc(origin.protocol)) {
    connection.grpc = std::make_unique<GrpcSession>(origin.authority, is_tls(origin.protocol));
  }
  start_sending(index);
}

void Worker::start_sending(int index) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  Flow& flow = flows_[static_cast<std::size_t>(connection.flow)];
  const Step& step = step_of(flow);
  connection.state = State::busy;
  connection.written = 0;
  const std::uint64_t now = now_ns();
  connection.deadline_ns = now + step.timeout_ns;
  if (flow.sent_ns == 0) {  // not a redirect
    flow.sent_ns = now;
    count_sent(flow, now);
  }
  if (connection.grpc) {
    metadata_.clear();
    for (const auto& [name, value] : step.headers) {
      metadata_.emplace_back(lower(name), "");
      filler_.append(value, flow.frame, metadata_.back().second);
    }
    if (!flow.trace_id.empty()) metadata_.emplace_back("traceparent", flow.traceparent);
    connection.grpc->call("/" + step.grpc_method, flow.bytes, metadata_, step.timeout_ns, prepared_[step.index].keeps);
    if (connection.grpc->broken()) return lose(index, ErrorKind::protocol, connection.grpc->why());
  } else {
    connection.parser.begin(step.method == "HEAD", prepared_[step.index].keeps);
  }
  send(index);
}

void Worker::send(int index) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  while (true) {
    std::string_view rest;
    if (connection.grpc) {
      rest = connection.grpc->output();
    } else {
      rest = flows_[static_cast<std::size_t>(connection.flow)].bytes.substr(connection.written);
    }
    if (rest.empty()) return;
    std::int64_t count = 0;
    if (connection.tls) {
      count = connection.tls->write(rest.data(), static_cast<int>(std::min<std::size_t>(rest.size(), 1 << 20)));
      if (count == static_cast<int>(Io::again)) return;
    } else {
      count = ::send(connection.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    }
    if (count <= 0) {
      // A server may answer before it has read everything, and close: what it said comes first.
      connection.peer_ended = true;
      return readable(index);
    }
    if (connection.grpc) {
      connection.grpc->wrote(static_cast<std::size_t>(count));
    } else {
      connection.written += static_cast<std::size_t>(count);
    }
  }
}

void Worker::readable(int index) {
  const std::uint32_t generation = connections_[static_cast<std::size_t>(index)].generation;
  while (true) {
    Connection& connection = connections_[static_cast<std::size_t>(index)];
    if (connection.generation != generation || connection.state == State::free) return;
    std::int64_t count = 0;
    int error = 0;
    if (connection.tls) {
      count = connection.tls->read(buffer_.data(), static_cast<int>(buffer_.size()));
      if (count == static_cast<int>(Io::again)) return;
      if (count < 0) error = count == static_cast<int>(Io::closed) ? 0 : EIO, count = -1;
      if (count < 0) return ended(index, error);
    } else {
      count = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return ended(index, count < 0 ? errno : 0);
    }
    if (!take(index, {buffer_.data(), static_cast<std::size_t>(count)})) return;
    // The socket is empty now, or epoll speaks again.
    const bool drained = !connection.tls && static_cast<std::size_t>(count) < buffer_.size();
    if (drained && !connection.peer_ended) return;
  }
}

// Bytes of an answer. False when the connection is gone.
bool Worker::take(int index, std::string_view bytes) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  const std::uint32_t generation = connection.generation;
  if (connection.grpc) {
    if (!connection.grpc->feed(bytes)) return lose(index, ErrorKind::protocol, connection.grpc->why()), false;
    if (connection.state == State::busy && connection.grpc->done()) answered(index, now_ns());
    if (connection.generation != generation || connection.state == State::free) return false;
    send(index);
    return connection.generation == generation && connection.state != State::free;
  }
  if (connection.state != State::busy) return close(index), false;  // nobody asked
  const std::size_t used = connection.parser.feed(bytes);
  if (connection.parser.failed()) return lose(index, ErrorKind::protocol, connection.parser.why()), false;
  if (!connection.parser.done()) return true;
  if (used < bytes.size()) connection.peer_ended = true;  // more than was asked for: not to be trusted
  // An answer before the request was out: what is left of it would be taken for the next one.
  if (connection.written < flows_[static_cast<std::size_t>(connection.flow)].bytes.size()) connection.peer_ended = true;
  answered(index, now_ns());
  return connection.generation == generation && connection.state != State::free;
}

void Worker::ended(int index, int error) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  if (connection.state != State::busy) return close(index);
  if (!connection.grpc) {
    connection.parser.end();
    if (connection.parser.done()) {
      connection.peer_ended = true;
      return answered(index, now_ns());
    }
  }
  std::string why = connection.grpc ? "the connection was closed before the answer" : connection.parser.why();
  if (error != 0) why += std::string(" (") + (connection.tls ? connection.tls->why() : std::strerror(error)) + ")";
  lose(index, ErrorKind::closed, why);
}

void Worker::release(int index, bool reusable) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  if (!reusable || ending_) return close(index);
  connection.state = State::idle;
  idle_[connection.origin].push_back(index);
}

void Worker::close(int index) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  if (connection.state == State::free) return;
  if (connection.state == State::idle) {
    auto& idle = idle_[connection.origin];
    idle.erase(std::remove(idle.begin(), idle.end(), index), idle.end());
  }
  connection.tls.reset();
  connection.grpc.reset();
  ::close(connection.fd);
  connection.fd = -1;
  connection.state = State::free;
  connection.flow = -1;
  ++connection.generation;
  free_connections_.push_back(index);
}

void Worker::lose(int index, ErrorKind kind, const std::string& why) {
  const int flow = connections_[static_cast<std::size_t>(index)].flow;
  close(index);
  if (flow < 0) return;
  --active_;
  failed(flow, kind, why, now_ns());
}

}  // namespace load
