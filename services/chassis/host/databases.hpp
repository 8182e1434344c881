#pragma once
// The drivers of the database port, chosen by the URL. Thread-safe as they are.

#include "services/chassis/db/postgres/postgres.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"

namespace chassis {

class DatabasesByUrl final : public db::Databases {
 public:
  explicit DatabasesByUrl(const base::Clock& clock) : sqlite_(clock), postgres_(clock) {}

  base::Result<std::unique_ptr<db::Database>> open(const std::string& url,
                                                   const std::vector<db::Migration>& migrations) override {
    if (db::is_postgres_url(url)) return postgres_.open(url, migrations);
    return sqlite_.open(url, migrations);
  }

 private:
  db::SqliteDatabases sqlite_;
  db::PostgresDatabases postgres_;
};

}  // namespace chassis
