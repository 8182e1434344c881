#include "supervisor/posix/prober.hpp"

#include <gmock/gmock.h>
#include <netdb.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <boost/asio/write.hpp>

#include "supervisor/posix/grpc_server.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace posix {
namespace {

namespace fs = std::filesystem;
using boost::asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;
using ports::Answer;
using ports::Question;
using spec::ProbeKind;
using ::testing::AllOf;
using testing::GrpcServerSession;
using ::testing::HasSubstr;
using ::testing::Not;

// Exists and is not a zombie.
bool runs(pid_t pid) {
  const auto stat = read_stat(pid);
  return stat && !stat->zombie();
}

// A server for one connection: `respond` makes of what came what goes back.
struct OneConnection : std::enable_shared_from_this<OneConnection> {
  OneConnection(boost::asio::io_context& io, std::function<std::string(std::string_view)> responder)
      : acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        socket(io),
        respond(std::move(responder)) {}
  std::uint16_t start() {
    acceptor.async_accept(socket, [self = shared_from_this()](error_code error) {
      if (!error) self->serve();
    });
    return acceptor.local_endpoint().port();
  }
  void serve() {
    socket.async_read_some(boost::asio::buffer(bytes), [self = shared_from_this()](error_code error, std::size_t size) {
      if (error) return;
      self->received.append(self->bytes.data(), size);
      const std::string reply = self->respond({self->bytes.data(), size});
      boost::asio::write(self->socket, boost::asio::buffer(reply), error);
      self->serve();
    });
  }
  tcp::acceptor acceptor;
  tcp::socket socket;
  std::function<std::string(std::string_view)> respond;
  std::array<char, 4096> bytes{};
  std::string received;
};

class ProberTest : public ::testing::Test {
 protected:
  ProberTest() {
    char pattern[] = "/tmp/msctl-prober-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~ProberTest() override { fs::remove_all(folder_); }

  Answer ask(const Question& question) {
    std::optional<Answer> got;
    prober_.ask(question, [&](Answer answer) {
      got = std::move(answer);
      io_.stop();
    });
    EXPECT_FALSE(got) << "answered from inside ask()";
    io_.restart();
    io_.run_for(20s);
    EXPECT_TRUE(got) << "no answer";
    return got.value_or(Answer{});
  }
  Question question(ProbeKind kind, std::uint16_t port = 0) const {
    Question made;
    made.kind = kind;
    made.port = port;
    made.timeout = 10s;
    made.folder = folder_;
    made.env = {"PATH=/usr/bin:/bin"};
    return made;
  }
  Question shell(const std::string& script) const {
    Question made = question(ProbeKind::exec);
    made.argv = {"sh", "-c", script};
    return made;
  }
  std::uint16_t serve(std::function<std::string(std::string_view)> respond) {
    server_ = std::make_shared<OneConnection>(io_, std::move(respond));
    return server_->start();
  }
  // A port that nobody listens on.
  std::uint16_t closed_port() {
    tcp::acceptor acceptor(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    return acceptor.local_endpoint().port();
  }
  std::string content(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // That a command wrote into the file `pid`.
  pid_t await_pid() const {
    for (int i = 0; i < 5000 && content("pid").find('\n') == std::string::npos; ++i) ::usleep(1000);
    return std::stoi(content("pid"));
  }

  boost::asio::io_context io_{1};
  Prober prober_{io_};
  std::shared_ptr<OneConnection> server_;
  fs::path folder_;
};

TEST_F(ProberTest, HttpIsGoodFrom200To299) {
  for (const auto& [status, good] : {std::pair(200, true), {204, true}, {302, false}, {503, false}}) {
    Question http = question(ProbeKind::http, serve([status = status](std::string_view) {
                               return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n";
                             }));
    http.text = "/up";
    const Answer answer = ask(http);
    EXPECT_EQ(answer.ok, good) << status;
    EXPECT_EQ(answer.status, status);
    EXPECT_THAT(server_->received, HasSubstr("GET /up HTTP/1.1\r\n"));
  }
}

TEST_F(ProberTest, ANameIsResolvedAndSentAsHost) {
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) GTEST_SKIP() << "this machine does not know localhost";
  ::freeaddrinfo(found);
  Question http = question(ProbeKind::http,
                           serve([](std::string_view) { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"; }));
  http.host = "localhost";
  http.text = "/";
  const Answer answer = ask(http);
  EXPECT_TRUE(answer.ok) << answer.problem;
  EXPECT_EQ(answer.body, "hi");
  EXPECT_THAT(server_->received, HasSubstr("Host: localhost:" + std::to_string(http.port) + "\r\n"));
}

TEST_F(ProberTest, Ip6AddressesAreAskedToo) {
  for (const auto kind : {ProbeKind::http, ProbeKind::tcp, ProbeKind::grpc}) {
    Question one = question(kind, closed_port());
    one.host = "::1";
    EXPECT_THAT(ask(one).problem, HasSubstr("cannot connect to [::1]:" + std::to_string(one.port)));
  }
}

TEST_F(ProberTest, ANameThatIsNotThereSaysSo) {
  Question one = question(ProbeKind::tcp, 1);
  // Longer than any name may be, so that no name server is asked: some answer for every name, some not at all.
  one.host = std::string(64, 'x') + ".invalid";
  EXPECT_THAT(ask(one).problem, HasSubstr("cannot resolve " + one.host));
}

TEST_F(ProberTest, NobodyListens) {
  for (const auto kind : {ProbeKind::http, ProbeKind::tcp, ProbeKind::grpc}) {
    const Answer answer = ask(question(kind, closed_port()));
    EXPECT_FALSE(answer.ok);
    EXPECT_THAT(answer.problem, AllOf(HasSubstr("cannot connect to 127.0.0.1:"), HasSubstr("refused")));
  }
}

TEST_F(ProberTest, TcpOnlyConnects) {
  EXPECT_TRUE(ask(question(ProbeKind::tcp, serve([](std::string_view) { return std::string(); }))).ok);
}

TEST_F(ProberTest, SilenceIsBadAtTheTimeout) {
  for (const auto kind : {ProbeKind::http, ProbeKind::grpc}) {
    Question silent = question(kind, serve([](std::string_view) { return std::string(); }));
    silent.timeout = 50ms;
    const Answer answer = ask(silent);
    EXPECT_FALSE(answer.ok);
    EXPECT_THAT(answer.problem, HasSubstr("did not answer in time"));
  }
}

TEST_F(ProberTest, GrpcSpeaksToAServer) {
  for (const char status : {'\1', '\2'}) {
    testing::CannedAnswer canned;
    canned.body = testing::health_message(status);
    const auto session = std::make_shared<GrpcServerSession>(canned);
    const Answer answer = ask(question(ProbeKind::grpc, serve([session](std::string_view bytes) {
                                         session->take(bytes);
                                         return session->output();
                                       })));
    EXPECT_EQ(answer.ok, status == 1);
    EXPECT_EQ(answer.problem, status == 1 ? "" : "NOT_SERVING");
  }
}

TEST_F(ProberTest, GrpcToAServerOfHttp1) {
  const Answer answer =
      ask(question(ProbeKind::grpc,
                   serve([](std::string_view) { return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"; })));
  EXPECT_THAT(answer.problem, HasSubstr("does not speak HTTP/2"));
}

TEST_F(ProberTest, NotifyCannotBeAsked) { EXPECT_FALSE(ask(question(ProbeKind::notify)).ok); }

// --- exec

TEST_F(ProberTest, ExitCodeZeroIsGood) {
  EXPECT_TRUE(ask(shell("echo fine")).ok);
  EXPECT_EQ(ask(shell("exit 3")).problem, "exit code 3");
  EXPECT_EQ(ask(shell("kill -SEGV $$")).problem, "signal 11 (SIGSEGV)");
}

TEST_F(ProberTest, TheLastLineSaysWhy) {
  EXPECT_EQ(ask(shell("echo one; echo two >&2; printf 'thr\\033[2Jee'; exit 1")).problem, "exit code 1: thr [2Jee");
  EXPECT_EQ(ask(shell("echo one; echo; exit 1")).problem, "exit code 1: one");
}

TEST_F(ProberTest, OutputIsBoundedAndDoesNotHoldTheCommand) {
  Question flood = shell("head -c 3000000 /dev/zero | tr '\\0' x; exit 1");
  EXPECT_LT(ask(flood).problem.size(), 400);
}

TEST_F(ProberTest, AtTheTimeoutTheWholeGroupIsKilled) {
  Question slow = shell("sleep 1000 & echo $! > child; echo waiting; wait");
  slow.timeout = 1500ms;
  const Answer answer = ask(slow);
  EXPECT_FALSE(answer.ok);
  EXPECT_EQ(answer.problem, "did not end within 1500 ms: waiting");
  const pid_t child = std::stoi(content("child"));
  for (int i = 0; i < 5000 && runs(child); ++i) ::usleep(1000);
  EXPECT_FALSE(runs(child));
}

TEST_F(ProberTest, WhatACommandLeavesBehindIsKilledAndNotWaitedFor) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(ask(shell("sleep 1000 & exit 0")).ok);  // it holds the output open
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(ProberTest, ACommandIsReaped) {
  EXPECT_TRUE(ask(shell("echo $$ > pid")).ok);
  EXPECT_EQ(::waitpid(std::stoi(content("pid")), nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(ProberTest, SomeoneElseMayHaveReapedIt) {
  std::optional<Answer> got;
  prober_.ask(shell("echo $$ > pid"), [&](const Answer& answer) { got = answer; });
  const pid_t pid = await_pid();
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  io_.restart();
  io_.run_for(5s);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->problem, "nobody knows how the command ended");
}

TEST_F(ProberTest, TheCommandSeesWhatItShould) {
  Question look = shell(
      "pwd; env | sort; ls -l /proc/self/fd | grep -c -- '->'; readlink /proc/self/fd/0;"
      "grep -E 'Sig(Blk|Ign)' /proc/self/status; ps -o pgid= -p $$ | tr -d ' ' | grep -qx $$ && echo own");
  look.argv[2] = "(" + look.argv[2] + ") > seen 2>&1";
  look.env = {"PATH=/usr/bin:/bin", "A=1", "NOTIFY_SOCKET=/x", "WATCHDOG_USEC=1", "LISTEN_FDS=1", "LISTEN_PID=1"};
  std::signal(SIGPIPE, SIG_IGN);
  const int inherited = ::dup(0);
  EXPECT_TRUE(ask(look).ok) << content("seen");
  ::close(inherited);
  std::signal(SIGPIPE, SIG_DFL);
  const std::string seen = content("seen");
  EXPECT_THAT(seen, HasSubstr(folder_.string() + "\n"));
  EXPECT_THAT(seen, HasSubstr("\nA=1\n"));
  EXPECT_THAT(seen, AllOf(Not(HasSubstr("NOTIFY_SOCKET")), Not(HasSubstr("WATCHDOG")), Not(HasSubstr("LISTEN_"))));
  EXPECT_THAT(seen, HasSubstr("\n4\n/dev/null\n"));  // 0, 1, 2 and the folder that ls reads
  EXPECT_THAT(seen, AllOf(HasSubstr("SigBlk:\t0000000000000000"), HasSubstr("SigIgn:\t0000000000000000")));
  EXPECT_THAT(seen, HasSubstr("\nown\n"));
}

TEST_F(ProberTest, ACommandThatCannotRunSaysSo) {
  Question missing = question(ProbeKind::exec);
  EXPECT_EQ(ask(missing).problem, "no command");
  missing.argv = {"no-such-program"};
  EXPECT_THAT(ask(missing).problem, HasSubstr("no program `no-such-program` in PATH"));
  missing.argv = {"./gone"};
  EXPECT_THAT(ask(missing).problem, HasSubstr("cannot run ./gone in " + folder_.string() + ": No such file"));
  missing.argv = {"/bin/true"};
  missing.folder = folder_ / "gone";
  EXPECT_THAT(ask(missing).problem, HasSubstr("gone: No such file"));
}

TEST_F(ProberTest, AnIoContextMayGoWhileACommandRuns) {
  auto io = std::make_unique<boost::asio::io_context>(1);
  auto prober = std::make_unique<Prober>(*io);
  bool answered = false;
  prober->ask(shell("echo $$ > pid; exec sleep 1000"), [&](const Answer&) { answered = true; });
  const pid_t pid = await_pid();
  prober.reset();
  io.reset();
  EXPECT_FALSE(answered);
  int status = 0;
  if (::waitpid(pid, &status, 0) == pid) {
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

// --- log

TEST_F(ProberTest, ALogIsReadOnFromQuestionToQuestion) {
  Question log = question(ProbeKind::log);
  log.text = "listening on \\d+";
  log.log = folder_ / "web.log";
  log.memory = std::make_shared<ports::ProbeMemory>();
  std::ofstream(log.log) << "starting\n" << std::string(1 << 20, 'x') << "\n";
  EXPECT_EQ(ask(log).problem, "no line of its log matches /listening on \\d+/");
  std::ofstream(log.log, std::ios::app) << "listening on 8080\n";
  EXPECT_TRUE(ask(log).ok);
}

TEST_F(ProberTest, APatternThatIsNoneSaysSo) {
  Question log = question(ProbeKind::log);
  log.text = "(";
  EXPECT_THAT(ask(log).problem, HasSubstr("not a regular expression"));
}

}  // namespace
}  // namespace posix
