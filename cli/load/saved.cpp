#include "cli/load/saved.hpp"

#include "supervisor/spec/schema_validator.hpp"

namespace load {
namespace {

using base::ErrorCode;
using base::Json;

// Numbers have bounds, so that charts of them can be drawn and their texts stay short.
constexpr const char* schema_text = R"({
  "$ref": "#/$defs/run",
  "$defs": {
    "number": {"title": "a number up to 1e15", "type": "number", "minimum": -1e15, "maximum": 1e15},
    "text": {"title": "a text", "type": "string"},
    "flag": {"type": "boolean"},
    "texts": {"type": "array", "items": {"$ref": "#/$defs/text"}},
    "error": {"title": "a text or null", "oneOf": [{"type": "string"}, {"type": "null"}]},
    "latency": {"type": "object", "additionalProperties": {"$ref": "#/$defs/number"}},
    "curve": {"type": "array", "items": {"title": "a percentile and its latency",
      "type": "array", "minItems": 2, "items": {"$ref": "#/$defs/number"}}},
    "step": {"type": "object", "properties": {
      "name": {"$ref": "#/$defs/text"},
      "scenario": {"$ref": "#/$defs/text"},
      "sent": {"$ref": "#/$defs/number"},
      "completed": {"$ref": "#/$defs/number"},
      "errors": {"$ref": "#/$defs/number"},
      "missed": {"$ref": "#/$defs/number"},
      "error_rate": {"$ref": "#/$defs/number"},
      "rps": {"$ref": "#/$defs/number"},
      "first_error": {"$ref": "#/$defs/error"},
      "latency_us": {"$ref": "#/$defs/latency"},
      "percentile_curve": {"$ref": "#/$defs/curve"}}},
    "verdict": {"type": "object", "properties": {
      "threshold": {"$ref": "#/$defs/text"},
      "actual": {"$ref": "#/$defs/text"},
      "held": {"$ref": "#/$defs/flag"}}},
    "slice": {"type": "object", "additionalProperties": {"$ref": "#/$defs/number"}},
    "time": {"type": "object", "properties": {
      "service": {"$ref": "#/$defs/text"},
      "endpoint": {"$ref": "#/$defs/text"},
      "count": {"$ref": "#/$defs/number"},
      "errors": {"$ref": "#/$defs/number"},
      "mean_us": {"$ref": "#/$defs/number"},
      "own_us": {"$ref": "#/$defs/number"},
      "way_us": {"$ref": "#/$defs/number"},
      "total_us": {"$ref": "#/$defs/number"},
      "share": {"$ref": "#/$defs/number"}}},
    "restart": {"type": "object", "properties": {
      "time": {"$ref": "#/$defs/text"},
      "service": {"$ref": "#/$defs/text"},
      "state": {"$ref": "#/$defs/text"},
      "reason": {"$ref": "#/$defs/text"}}},
    "cluster": {"type": "object", "properties": {
      "routes": {"type": "array", "items": {"$ref": "#/$defs/time"}},
      "entry": {"$ref": "#/$defs/time"},
      "summary": {"$ref": "#/$defs/text"},
      "notes": {"$ref": "#/$defs/texts"},
      "restarts": {"type": "array", "items": {"$ref": "#/$defs/restart"}}}},
    "trial": {"type": "object", "properties": {
      "rate": {"$ref": "#/$defs/number"},
      "rps": {"$ref": "#/$defs/number"},
      "p50_us": {"$ref": "#/$defs/number"},
      "p99_us": {"$ref": "#/$defs/number"},
      "error_rate": {"$ref": "#/$defs/number"},
      "held": {"$ref": "#/$defs/flag"}}},
    "generator": {"type": "object", "properties": {
      "late_us": {"$ref": "#/$defs/latency"},
      "cpu_s": {"$ref": "#/$defs/number"},
      "threads": {"$ref": "#/$defs/number"},
      "connects": {"$ref": "#/$defs/number"},
      "held_for_a_connection": {"$ref": "#/$defs/number"},
      "spoiled": {"$ref": "#/$defs/flag"},
      "why": {"$ref": "#/$defs/texts"}}},
    "run": {"type": "object", "required": ["latency_us"], "properties": {
      "name": {"$ref": "#/$defs/text"},
      "model": {"$ref": "#/$defs/text"},
      "started": {"$ref": "#/$defs/text"},
      "stopped": {"$ref": "#/$defs/text"},
      "cut_off": {"$ref": "#/$defs/number"},
      "elapsed_s": {"$ref": "#/$defs/number"},
      "planned_rate": {"$ref": "#/$defs/number"},
      "connections": {"$ref": "#/$defs/number"},
      "rps": {"$ref": "#/$defs/number"},
      "sent": {"$ref": "#/$defs/number"},
      "completed": {"$ref": "#/$defs/number"},
      "errors": {"$ref": "#/$defs/number"},
      "missed": {"$ref": "#/$defs/number"},
      "error_rate": {"$ref": "#/$defs/number"},
      "passed": {"$ref": "#/$defs/flag"},
      "latency_us": {"$ref": "#/$defs/latency"},
      "latency_uncorrected_us": {"$ref": "#/$defs/latency"},
      "percentile_curve": {"$ref": "#/$defs/curve"},
      "percentile_curve_uncorrected": {"$ref": "#/$defs/curve"},
      "errors_by_kind": {"type": "object", "additionalProperties": {"$ref": "#/$defs/number"}},
      "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
      "thresholds": {"type": "array", "items": {"$ref": "#/$defs/verdict"}},
      "timeline": {"type": "array", "items": {"$ref": "#/$defs/slice"}},
      "cluster": {"$ref": "#/$defs/cluster"},
      "find_max": {"type": "object", "properties": {"trials": {"type": "array", "items": {"$ref": "#/$defs/trial"}}}},
      "generator": {"$ref": "#/$defs/generator"}}}
  }
})";

base::Error not_a_result(const std::string& name, const std::string& why) {
  return base::fail(ErrorCode::malformed,
                    name + " is not a result of msctl load --output json: " + why + "; show one as it was saved");
}

}  // namespace

const Json& saved_schema() {
  static const Json schema = Json::parse(schema_text);
  return schema;
}

base::Result<Json> read_saved(std::string_view text, const std::string& name) {
  auto json = base::parse_json(text);
  if (!json) return not_a_result(name, json.error().message);
  const auto wrong = spec::violations(saved_schema(), json.value(), 1);
  if (wrong.empty()) return json;
  const auto& first = wrong.front();
  return not_a_result(name, (first.pointer.empty() ? "" : base::dump_json(Json(first.pointer)) + ": ") + first.message);
}

}  // namespace load
