#include "cli/libexec/grpc/modes.hpp"

int main(int argc, char** argv) { return grpc_program::run({argv + 1, argv + argc}); }
