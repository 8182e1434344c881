// Runs a fuzz target over the files of its corpus, without a fuzzer: fuzz_NAME FOLDER. Prints each file's name first,
// so that a crash says which one it was; fails when an input takes more than a second of processor time.
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  std::set<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.insert(entry.path());
  }
  bool is_slow = false;
  for (const auto& file : files) {
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const double begin = cpu_seconds();
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    const double took = cpu_seconds() - begin;
    if (took > 1) std::printf("  took %.1f s\n", took);
    is_slow = is_slow || took > 1;
  }
  if (files.empty()) std::printf("no corpus\n");
  return files.empty() || is_slow ? 1 : 0;
}
