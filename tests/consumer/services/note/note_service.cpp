#include "services/note/note_service.hpp"

#include "base/ids.hpp"
#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/note/domain/note.hpp"
#include "services/note/note.pb.h"

namespace note_service {

std::vector<chassis::db::Migration> migrations();  // generated from migrations/*.sql

namespace {

namespace db = chassis::db;
using note::v1::CreateNoteRequest;
using note::v1::GetNoteRequest;
using note::v1::Note;

struct Notes {
  chassis::Environment& env;
  db::Database& database;
};

base::Task<base::Result<Note>> create(Notes& notes, chassis::CallContext context, CreateNoteRequest request) {
  const domain::Note note{base::uuid_v7(notes.env.clock, notes.env.random), request.text()};
  if (auto broken = domain::check(note); !broken.empty()) {
    base::Error error = base::fail(base::ErrorCode::invalid, "the note is not valid");
    error.fields = std::move(broken);
    co_return error;
  }
  db::Work work = [note](db::Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("INSERT INTO notes (id, text) VALUES ($1, $2)", {note.id, note.text}));
    return base::success();
  };
  CO_TRY(co_await notes.database.write(context.deadline, std::move(work)));
  Note message;
  message.set_id(note.id);
  message.set_text(note.text);
  co_return message;
}

base::Task<base::Result<Note>> get(Notes& notes, chassis::CallContext context, GetNoteRequest request) {
  std::function<base::Result<Note>(db::Transaction&)> work =
      [id = request.id()](db::Transaction& tx) -> base::Result<Note> {
    TRY(const auto found, tx.exec("SELECT id, text FROM notes WHERE id = $1", {id}));
    if (found.rows.empty()) return base::fail(base::ErrorCode::not_found, "there is no note " + id);
    Note message;
    message.set_id(found.rows.front().text(0));
    message.set_text(found.rows.front().text(1));
    return message;
  };
  co_return co_await notes.database.read(context.deadline, std::move(work));
}

}  // namespace

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto database, env.databases.open(env.config.database_url, migrations()));
  Notes notes{env, *database};
  chassis::Api api(env, "note.v1.NoteService");
  api.route("POST /v1/notes", "CreateNote", notes, create, chassis::created("/v1/notes/{id}"));
  api.route("GET /v1/notes/{id}", "GetNote", notes, get);

  chassis::Health health(env.config, env.clock);
  health.add({"database", true, [&](base::Monotonic deadline) { return database->ping(deadline); }});
  co_return co_await chassis::serve(env, health, api);
}

}  // namespace note_service
