#include "services/catalog/catalog_service.hpp"
#include "services/chassis/host/run_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, catalog_service::run); }
