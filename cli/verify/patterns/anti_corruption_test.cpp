#include <gtest/gtest.h>

#include "cli/provider/laboratory.hpp"
#include "cli/provider/sample_journal.hpp"
#include "cli/verify/fake_world.hpp"
#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

using base::Json;
using base::http::Request;
using base::http::Response;
using testing::FakeWorld;
using testing::json;

// A shop with a provider that books each order `times` times, unless it refuses it; payments are what `payments` says
// of them once the provider answers again.
class AntiCorruption : public ::testing::Test {
 protected:
  void SetUp() override {
    world.add_shop();
    world.spec.services["order-service"].routes.push_back({"/api/v2/orders", "/v2/orders", "order-service"});
    world.add("payment-service", 5, 8083).routes = {{"/api/v1/payments", "/v1/payments", "payment-service"}};
    world.add("catalog-service", 6, 8086).routes = {{"/api/v1/reservations", "/v1/reservations", "catalog-service"}};
    world.add("legacy-payments", 7, 8093);
    world.answer = [this](std::uint16_t port, const Request& request) -> base::Result<Response> {
      return port == 8093 ? answer_of_provider(request) : shop(request);
    };
  }

  Response answer_of_provider(const Request& request) {
    if (request.target != provider::laboratory) return text(provider::testing::journal_text(bookings));
    if (request.method == "GET") return text(before);
    labour.push_back(request.method + " " + request.body);
    is_silent = request.body == provider::silent;
    return text(before);
  }

  static Response text(const std::string& body) {
    Response response;
    response.status = 200;
    response.body = body;
    return response;
  }

  Response shop(const Request& request) {
    if (request.target == "/api/v1/users") return json(201, {{"id", "known"}});
    if (request.method == "POST") {
      const std::string id = is_silent ? "quiet" : "refused";
      if (is_silent || booked_though_refused) {
        bookings.insert(bookings.end(), times, provider::Booking{"p-" + id, false, "EUR", 100});
      }
      return json(201, {{"id", id}});
    }
    const bool is_quiet = request.target.ends_with("quiet");
    if (request.target.starts_with("/api/v2/orders/")) return json(200, is_quiet ? quiet_order : refused_order);
    Json payment = is_quiet ? quiet_payment : refused_payment;
    if (is_quiet && is_silent) payment["status"] = "pending";
    return json(200, {{"payments", Json::array({payment})}});
  }

  Finding look() {
    const auto finding = anti_corruption::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }

  FakeWorld world;
  std::vector<std::string> labour;
  std::vector<provider::Booking> bookings;
  std::string before = "delay=5";  // what was set before, as it is told

  bool is_silent = false;
  bool booked_though_refused = false;
  std::size_t times = 1;
  Json refused_payment{{"id", "p-refused"}, {"status", "declined"}, {"reason", "insufficient_funds"}};
  Json refused_order{{"status", "cancelled"}, {"reason", "payment_declined"}};
  Json quiet_payment{{"id", "p-quiet"}, {"status", "authorized"}, {"reason", ""}};
  Json quiet_order{{"status", "confirmed"}};
};

TEST_F(AntiCorruption, PassesInOurWordsAndWithOneBooking) {
  const auto finding = look();
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  ASSERT_EQ(labour.size(), 6U);
  EXPECT_TRUE(labour[0].starts_with("PUT ")) << labour[0];
  EXPECT_EQ(labour[1] + ", " + labour[2], "DELETE , PUT delay=5") << "as it was before";
  EXPECT_EQ(labour[3], "PUT " + std::string(provider::silent));
  EXPECT_EQ(labour[5], "PUT delay=5");
}

TEST_F(AntiCorruption, FailsWhenARefusalIsTakenForSuccess) {
  refused_payment["status"] = "authorized";
  EXPECT_EQ(look().evidence,
            "the payment of order refused is authorized (insufficient_funds), not declined, after 10000 ms");
  EXPECT_EQ(labour.back(), "PUT delay=5") << "put back";
}

TEST_F(AntiCorruption, FailsWhenTheProvidersWordsComeThrough) {
  refused_payment["reason"] = "51";
  EXPECT_NE(look().evidence.find("is declined because of 51"), std::string::npos);
  refused_payment["reason"] = "insufficient_funds";
  refused_payment["provider_answer"] = "CODE=51";
  EXPECT_EQ(look().evidence, "payment p-refused has a word of the provider's: CODE");
}

TEST_F(AntiCorruption, FailsWhenADeclinedPaymentIsBooked) {
  booked_though_refused = true;
  EXPECT_EQ(look().evidence, "payment p-refused is declined, and booked 1 times");
}

TEST_F(AntiCorruption, FailsWhenItIsBookedAgain) {
  times = 2;
  EXPECT_EQ(look().evidence, "payment p-quiet, of whose booking no answer came, is booked 2 times");
}

TEST_F(AntiCorruption, FailsWhenItIsNotFoundAgain) {
  quiet_payment["status"] = "pending";
  EXPECT_EQ(look().evidence, "the payment of order quiet is pending, not authorized, after 20000 ms");
}

TEST_F(AntiCorruption, IsAbsentWithoutTheProvider) {
  world.spec.services.erase("legacy-payments");
  EXPECT_EQ(look().status, Status::absent);
}

}  // namespace
}  // namespace verify
