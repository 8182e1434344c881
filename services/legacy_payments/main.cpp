#include "services/chassis/host/run_service.hpp"
#include "services/legacy_payments/legacy_payments_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, legacy_payments::run); }
