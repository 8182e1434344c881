// Whatever comes when, each order has one end, and money and goods agree with it.
#include <random>

#include "services/order/tests/shop.hpp"

namespace order_service {
namespace {

using namespace std::chrono_literals;

// Requests and answers wait here and are taken in any order, some of them twice.
class Disorder {
 public:
  explicit Disorder(unsigned seed) : dice_(seed) {}

  void run() {
    for (int i = 0; i < 4; ++i) orders_.push_back(shop.place("k-" + std::to_string(i)));
    for (int i = 0; i < 60; ++i) {
      act();
      shop.advance(50ms);
      gather();
    }
    settle();
  }

  Shop shop;
  const std::vector<std::string>& orders() const { return orders_; }

 private:
  bool one_in(unsigned n) { return dice_() % n == 0; }

  void act() {
    switch (dice_() % 8) {
      case 0:
        cancel(orders_[dice_() % orders_.size()]);
        break;
      case 1:
        shop.advance(std::chrono::milliseconds(dice_() % 2'000));
        break;
      case 2:
        shop.participants.payment = one_in(2) ? Mood::agrees : Mood::refuses;
        shop.participants.stock = one_in(2) ? Mood::agrees : Mood::refuses;
        break;
      case 3:
      case 4:
      case 5:
        hear_one();
        break;
      default:
        answer_one();
    }
  }
  void cancel(const std::string& id) {
    const auto answer = shop.post("/v2/orders/" + id + "/cancel", "{}", "c-" + std::to_string(++cancels_));
    EXPECT_TRUE(answer.status == 200 || answer.status == 409) << answer.body;
  }
  void gather() {
    for (auto& event : shop.unheard()) requests_.push_back(std::move(event));
  }
  void hear_one() {
    if (requests_.empty()) return;
    const auto at = requests_.begin() + static_cast<std::ptrdiff_t>(dice_() % requests_.size());
    const auto event = *at;
    if (!one_in(4)) requests_.erase(at);  // else it is delivered again
    for (auto& said : shop.participants.hear(event)) answers_.push_back(std::move(said));
  }
  void answer_one() {
    if (answers_.empty()) return;
    const auto at = answers_.begin() + static_cast<std::ptrdiff_t>(dice_() % answers_.size());
    const auto said = *at;
    if (!one_in(4)) answers_.erase(at);
    shop.say(said);
  }
  // All that still waits is delivered, and everybody goes on until nobody has anything to say.
  void settle() {
    shop.participants.payment = shop.participants.stock = Mood::agrees;
    for (int i = 0; i < 20; ++i) {
      while (!requests_.empty() || !answers_.empty()) {
        hear_one();
        answer_one();
      }
      shop.advance(i < 10 ? 500ms : 4s);
      gather();
    }
  }

  std::mt19937 dice_;
  std::vector<std::string> orders_;
  std::vector<base::Json> requests_;
  std::vector<Said> answers_;
  int cancels_ = 0;
};

std::size_t first(const std::vector<std::string>& types, const std::string& type) {
  return static_cast<std::size_t>(std::find(types.begin(), types.end(), type) - types.begin());
}

void expect_one_end(Shop& shop, const std::string& id) {
  const auto told = shop.told_of(id);
  const auto& participants = shop.participants;
  const std::string status = shop.status(id);
  ASSERT_TRUE(status == "confirmed" || status == "cancelled") << status;
  const auto ends =
      std::count(told.begin(), told.end(), "order.confirmed") + std::count(told.begin(), told.end(), "order.cancelled");
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(told.back(), "order." + status);
  const auto charged = participants.charged.contains(id) ? participants.charged.at(id) : 0;
  const auto refunded = participants.refunded.contains(id) ? participants.refunded.at(id) : 0;
  EXPECT_EQ(charged - refunded, status == "confirmed" ? 1000 : 0);
  EXPECT_EQ(participants.reserved.contains(id), status == "confirmed");
  if (first(told, "order.release_requested") < told.size()) {
    EXPECT_LT(first(told, "order.paid"), first(told, "order.release_requested"));
    EXPECT_LT(first(told, "order.release_requested"), first(told, "order.refund_requested"));
    const auto& undone = participants.undone;
    EXPECT_LT(first(undone, "stock " + id), first(undone, "payment " + id)) << "in reverse order";
  }
}

TEST(OrderSagaRandom, EndsOnceAndWithTheBooksInOrder) {
  std::map<std::string, int> ends;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Disorder disorder(seed);
    disorder.run();
    for (const auto& id : disorder.orders()) {
      expect_one_end(disorder.shop, id);
      const auto order = disorder.shop.order(id);
      ++ends[order["status"].get<std::string>() + " " + order["reason"].get<std::string>()];
    }
    if (testing::Test::HasFailure()) break;
  }
  for (const char* end : {"confirmed ", "cancelled payment_declined", "cancelled sold_out", "cancelled payment_timeout",
                          "cancelled stock_timeout", "cancelled cancelled_by_user"}) {
    EXPECT_GT(ends[end], 0) << end << " was never tried";
  }
}

}  // namespace
}  // namespace order_service
