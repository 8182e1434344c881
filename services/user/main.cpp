#include "services/chassis/host/run_service.hpp"
#include "services/user/user_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, user_service::run); }
