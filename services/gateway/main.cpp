#include "services/chassis/host/run_service.hpp"
#include "services/gateway/gateway_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, gateway_service::run, {.io_threads = 2}); }
