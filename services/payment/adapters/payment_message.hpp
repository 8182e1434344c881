#pragma once
// A payment as others see it, in answers and in events. Pure.

#include "services/payment/domain/payment.hpp"
#include "services/payment/proto/payment.pb.h"

namespace payment_service::adapters {

payment::v1::Payment to_message(const domain::Payment& payment);
// The data of payment.authorized, payment.declined and payment.refunded.
payment::v1::PaymentAuthorized to_authorized(const domain::Payment& payment);
payment::v1::PaymentDeclined to_declined(const domain::Payment& payment);
payment::v1::PaymentRefunded to_refunded(const domain::Payment& payment);

}  // namespace payment_service::adapters
