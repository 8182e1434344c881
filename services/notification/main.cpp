#include "services/chassis/host/run_service.hpp"
#include "services/notification/notification_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, notification_service::run); }
