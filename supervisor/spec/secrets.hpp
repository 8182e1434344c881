#pragma once
// What counts as a secret, and whether its file is closed to others.

#include <filesystem>
#include <string>
#include <string_view>

namespace spec {

// A variable, key or file is a secret's by its name, upper or lower case: it contains SECRET, PASSWORD, PASSWD, TOKEN
// or CREDENTIAL, or one of its words ends in KEY and none is PUBLIC or PUB. Pure.
bool names_a_secret(std::string_view name);

// Whether a file is a secret's by its own name or, below `root`, that of a folder it lies in (secrets/db). Pure.
bool is_secret_file(const std::filesystem::path& file, const std::filesystem::path& root);

// Why the file must not hold a secret: group or others may read, write or run it. Empty when they may not, or when
// there is no such file. `shown` is the file's name in the message, which ends with the remedy.
std::string open_to_others(const std::filesystem::path& file, const std::string& shown);

}  // namespace spec
