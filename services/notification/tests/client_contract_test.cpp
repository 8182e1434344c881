// What callers may rely on in notification_service::client::Mailbox, checked on the fake and on the client with the
// real service behind it.
#include "services/notification/proto/client.hpp"

#include "services/notification/proto/fake.hpp"
#include "services/notification/tests/notification_fixture.hpp"

namespace notification_service {
namespace {

using namespace std::chrono_literals;
using notification::v1::ListMailRequest;
using notification::v1::Mail;

chassis::Config own_caller(const std::string& spool) {
  chassis::Config own = config(spool);
  own.calls["notification-service"] = {"127.0.0.1:9084", 2s};
  return own;
}

class Subject {
 public:
  explicit Subject(bool fake) : world_(own_caller(spool_.path())), orders_(world_) {
    if (fake) {
      auto made = std::make_unique<client::FakeMailbox>();
      fake_ = made.get();
      mailbox_ = std::move(made);
      return;
    }
    world_.start(run);
    mailbox_ = client::connect(world_.env).value();
  }

  // A mail about this order.
  void give(const std::string& order) {
    if (fake_ == nullptr) {
      orders_.confirm(order);
      world_.advance(100ms);
      return;
    }
    Mail mail;
    mail.set_id("mail-of-" + order);
    mail.set_user_id("ann");
    mail.set_order_id(order);
    fake_->mails.insert(fake_->mails.begin(), mail);
  }
  void take_away() {
    if (fake_ != nullptr) fake_->failure = base::fail(base::ErrorCode::unavailable, "it is not available");
    if (fake_ == nullptr) world_.stop();
  }
  base::Result<Mail> get(const std::string& id) { return std::move(*world_.ask(mailbox_->get(context(), id))); }
  std::vector<Mail> list(const std::string& user, const std::string& order) {
    ListMailRequest request;
    request.set_user_id(user);
    request.set_order_id(order);
    const auto found = std::move(*world_.ask(mailbox_->list(context(), request)));
    EXPECT_TRUE(found);
    return {found.value().mails().begin(), found.value().mails().end()};
  }

 private:
  const chassis::CallContext& context() {
    context_.trace = chassis::continue_trace("", "", world_.random);
    context_.request_id = "r";
    context_.deadline = world_.clock.monotonic() + 1s;
    return context_;
  }

  TemporaryFolder spool_;
  chassis::testing::FakeEnvironment world_;
  OrderEvents orders_;
  chassis::CallContext context_;
  client::FakeMailbox* fake_ = nullptr;
  std::unique_ptr<client::Mailbox> mailbox_;
};

class MailboxContract : public testing::TestWithParam<bool> {};

TEST_P(MailboxContract, ListsReadsAndFails) {
  Subject subject(GetParam());
  subject.give("o-1");
  subject.give("o-2");
  const auto all = subject.list("", "");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.front().order_id(), "o-2") << "newest first";
  EXPECT_EQ(subject.list("ann", "o-1").size(), 1U);
  EXPECT_EQ(subject.list("bob", "").size(), 0U);
  const auto read = subject.get(all.front().id());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read.value().SerializeAsString(), all.front().SerializeAsString());
  const auto unknown = subject.get("none");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, base::ErrorCode::not_found);
  subject.take_away();
  EXPECT_EQ(subject.get(all.front().id()).error().code, base::ErrorCode::unavailable);
}

INSTANTIATE_TEST_SUITE_P(FakeAndReal, MailboxContract, testing::Values(true, false));

}  // namespace
}  // namespace notification_service
