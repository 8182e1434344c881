#include "services/chassis/host/run_service.hpp"
#include "services/payment/payment_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, payment_service::run); }
