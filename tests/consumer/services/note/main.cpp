#include "services/chassis/host/run_service.hpp"
#include "services/note/note_service.hpp"

int main(int argc, char** argv) { return chassis::run_service(argc, argv, note_service::run); }
