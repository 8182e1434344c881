#include "services/chassis/host/run_service.hpp"
#include "services/order/order_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, order_service::run); }
