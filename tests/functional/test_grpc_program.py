"""msctl-grpc: descriptors, JSON of messages, calls and the stub server, each by its JSON lines and with bad input."""

import base64
import json
import os
import socket
import subprocess
import sys

import pytest

from conftest import ROOT, free_port

USER = "services/user/proto/user.proto"
KINDS = """syntax = "proto3";
package kinds.v1;
enum Color { COLOR_UNKNOWN = 0; COLOR_RED = 1; }
message Kinds {
  int64 big = 1;
  uint64 bigger = 2;
  bytes raw = 3;
  Color color = 4;
  map<int32, string> names = 5;
  oneof choice { string left = 6; int32 right = 7; }
  optional int32 maybe = 8;
  float third = 9;
  double wild = 10;
  Kinds inner = 11;
  repeated Kinds list = 12;
  bool camelCase = 13;
}
service Streams { rpc Watch(Kinds) returns (stream Kinds); rpc Ask(Kinds) returns (Kinds); }
"""


def program():
    msctl = os.environ.get("MSCTL_BIN", str(ROOT / "build/release/bin/msctl"))
    return os.path.join(os.path.dirname(msctl), "msctl-grpc")


def run(*arguments, cwd=ROOT, text="", timeout=20):
    return subprocess.run([program(), *map(str, arguments)], input=text, capture_output=True, text=True, cwd=cwd, timeout=timeout)


def session(*lines, mode="call", arguments=(), cwd=ROOT):
    """The answers to these lines."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    done = run(mode, *arguments, cwd=cwd, text=text)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Stub:
    """`msctl-grpc serve`, spoken to by its JSON lines."""

    def __init__(self, *arguments, pass_fds=(), env=None):
        self.process = subprocess.Popen([program(), "serve", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, cwd=ROOT, pass_fds=pass_fds, env=env)
        self.ready = self.read()
        self.target = f"127.0.0.1:{self.ready['port']}"

    def read(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def write(self, answer):
        self.process.stdin.write((answer if isinstance(answer, str) else json.dumps(answer)) + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0


class Caller:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([program(), "call", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, cwd=ROOT)

    def send(self, **line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def read(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0


@pytest.fixture
def stub(request):
    made = []

    def make(*arguments, **options):
        made.append(Stub(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()
        for pipe in (each.process.stdin, each.process.stdout, each.process.stderr):
            pipe.close()


@pytest.fixture
def caller():
    made = []

    def make(*arguments):
        made.append(Caller(*arguments))
        return made[-1]

    yield make
    for each in made:
        each.end()
        each.process.stdout.close()


@pytest.fixture
def kinds(tmp_path):
    (tmp_path / "kinds.proto").write_text(KINDS)
    return {"roots": [str(tmp_path)], "files": ["kinds.proto"]}


def test_describes_a_service():
    done = run("describe", USER)
    file = json.loads(done.stdout)["files"][0]
    assert (file["package"], file["syntax"]) == ("user.v1", "proto3")
    get = file["services"][0]["methods"][1]
    assert get["path"] == "user.v1.UserService/GetUser"
    assert (get["input"], get["output"], get["server_streaming"]) == ("user.v1.GetUserRequest", "user.v1.User", False)
    field = next(m for m in file["messages"] if m["name"] == "User")["fields"][0]
    assert (field["name"], field["number"], field["type"], field["presence"], field["comment"]) == ("id", 1, "string", "implicit", "UUIDv7")
    assert field["line"] > 1


def test_describes_every_kind(tmp_path):
    (tmp_path / "a.proto").write_text("""syntax = "proto2";
package a;
import "google/protobuf/timestamp.proto";
message M {
  reserved 4 to 6, 9;
  reserved "old";
  required int32 must = 1;
  optional string name = 2 [default = "x", deprecated = true];
  repeated int32 many = 3 [packed = true];
  map<string, M> by_name = 7;
  oneof one { int32 left = 10; google.protobuf.Timestamp at = 11; }
  extensions 100 to 199;
  enum E { option allow_alias = true; A = 0; B = 1; C = 1; reserved 5 to 7; reserved "D"; }
}
service S { rpc Go(stream M) returns (stream M) { option idempotency_level = NO_SIDE_EFFECTS; } }
""")
    file = json.loads(run("describe", "a.proto", cwd=tmp_path).stdout)["files"][0]
    message = file["messages"][0]
    assert message["reserved_ranges"] == [[4, 6], [9, 9]] and message["reserved_names"] == ["old"]
    assert message["extension_ranges"] == [[100, 199]] and message["oneofs"] == ["one"]
    fields = {f["name"]: f for f in message["fields"]}
    assert fields["must"]["label"] == "required" and fields["name"]["default"] == "x" and fields["name"]["deprecated"]
    assert fields["many"]["packed"] and fields["by_name"]["map"] == {"key": "string", "value": "message", "value_type_name": "a.M"}
    assert fields["at"]["oneof"] == "one" and fields["at"]["type_name"] == "google.protobuf.Timestamp"
    assert message["messages"] == []
    enum = message["enums"][0]
    assert enum["allow_alias"] and enum["reserved_ranges"] == [[5, 7]] and [v["number"] for v in enum["values"]] == [0, 1, 1]
    method = file["services"][0]["methods"][0]
    assert method["client_streaming"] and method["server_streaming"] and method["idempotency_level"] == "NO_SIDE_EFFECTS"


@pytest.mark.parametrize("text, problem", [
    ("syntax = \"proto3\";\nmessage A {\n  Foo x = 1;\n}\n", "bad.proto:3:3: \"Foo\" is not defined."),
    ("syntax = \"proto3\";\nmessage A {\n  int32 x = 1\n}\n", "bad.proto:4:1: Expected \";\"."),
    ("syntax = \"proto3\";\nmessage A { int32 x = 1; int32 y = 1; }\n", "bad.proto:2:36: "),
    ("syntax = \"proto3\";\nimport \"gone.proto\";\n", "bad.proto:2:1: imports gone.proto, which is not there"),
    ("syntax = \"proto3\";\nimport \"bad.proto\";\n", "bad.proto:2:1: File recursively imports itself"),
    ("syntax = \"proto3\";\nimport \"../etc.proto\";\n", "bad.proto:2:1: imports ../etc.proto, which is a path that leaves its root"),
    ("message A {" * 50000, "bad.proto nests deeper than"),
    ("option (x) = {" * 50000, "bad.proto nests deeper than"),
    ("\x00\xff", "bad.proto:1:1: "),
], ids=["type", "semicolon", "number", "import", "itself", "outside", "deep", "deep-option", "bytes"])
def test_a_broken_source_is_one_line(tmp_path, text, problem):
    (tmp_path / "bad.proto").write_text(text, encoding="latin-1")
    done = run("describe", "bad.proto", cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(problem) and done.stderr.count("\n") == 1


def test_a_missing_file_and_a_wrong_option_are_said():
    done = run("describe", "nowhere.proto")
    assert (done.returncode, done.stderr) == (1, "nowhere.proto is not there\n")
    assert run("describe").returncode == 2
    assert run("fly").returncode == 2
    assert run("serve", "--answer-timeout-ms", "soon").returncode == 2


def test_a_set_says_the_same_as_its_sources(tmp_path):
    subprocess.run(["protoc", "--include_imports", "--include_source_info", f"-o{tmp_path}/x.binpb", USER], cwd=ROOT, check=True)
    assert json.loads(run("describe", "--set", tmp_path / "x.binpb").stdout) == json.loads(run("describe", USER).stdout)
    run("describe", USER, "--set-out", tmp_path / "y.binpb")
    assert json.loads(run("describe", "--set", tmp_path / "y.binpb").stdout) == json.loads(run("describe", USER).stdout)


@pytest.mark.parametrize("bytes_", [b"", b"\x0a", b"\xff" * 100, b"\x0a\x02\x0a\x00", b"\x0a\x03\x0a\x01a" * 2])
def test_a_broken_set_is_refused(tmp_path, bytes_):
    (tmp_path / "x.binpb").write_bytes(bytes_)
    done = run("describe", "--set", tmp_path / "x.binpb")
    if done.returncode == 0:  # a file without a name is one that protobuf takes
        assert json.loads(done.stdout)["files"][0]["name"] == ""
    else:
        assert done.returncode == 1 and done.stderr.count("\n") == 1


def test_encodes_and_decodes(kinds):
    value = {"big": -2**63, "bigger": 2**64 - 1, "raw": base64.b64encode(b"\x00\xff").decode(), "color": "COLOR_RED",
             "names": {"-1": "minus", "7": "seven"}, "right": 3, "maybe": 0, "third": 0.1, "wild": "NaN",
             "inner": {"camelCase": True}, "list": [{}, {"big": 1}]}
    encoded, = session({"id": [1], "message": "kinds.v1.Kinds", "json": value, "descriptors": kinds}, mode="encode")
    assert encoded["ok"] and encoded["id"] == [1]
    decoded, = session({"message": "kinds.v1.Kinds", "base64": encoded["base64"], "descriptors": kinds}, mode="decode")
    got = decoded["json"]
    for key in ("big", "bigger", "raw", "color", "names", "right", "maybe", "third", "wild"):
        assert got[key] == value[key], key
    # Defaults are printed, unset oneofs, messages and optional fields are not.
    assert got["inner"] == {"big": 0, "bigger": 0, "raw": "", "color": "COLOR_UNKNOWN", "names": {}, "third": 0.0, "wild": 0.0,
                            "list": [], "camelCase": True}
    assert "left" not in got and len(got["list"]) == 2


@pytest.mark.parametrize("value, field, message", [
    ({"big": "1"}, "big", "must be a whole number, not a string"),
    ({"big": 1.5}, "big", "must be a whole number, not one with a fraction or exponent"),
    ({"big": 2**63}, "big", "is out of range"),
    ({"bigger": -1}, "bigger", "is out of range"),
    ({"maybe": 2**31}, "maybe", "is out of range"),
    ({"third": 1e39}, "third", "is out of range"),
    ({"raw": "=not base64"}, "raw", "must be base64"),
    ({"color": "BLUE"}, "color", "is not one of the known values"),
    ({"names": {"x": "y"}}, "names.x", "must be a whole number, not a string"),
    ({"left": "a", "right": 1}, "right", "only one of choice may be there"),
    ({"list": [{}, {"nope": 1}]}, "list[1].nope", "unknown field"),
    ({"list": {}}, "list", "must be a list, not an object"),
    ({"camel_case": True}, "camel_case", "unknown field"),
    ([], "body", "must be an object, not a list"),
])
def test_wrong_json_is_refused_by_its_path(kinds, value, field, message):
    answer, = session({"message": "kinds.v1.Kinds", "json": value, "descriptors": kinds}, mode="encode")
    assert not answer["ok"] and answer["error"] == f"{field}: {message}"
    assert answer["fields"][0] == {"field": field, "message": message}


def test_hostile_lines_are_answered_each(kinds, tmp_path):
    deep = base64.b64encode(b"\x5a" * 5000).decode()  # field 11 in itself
    many = base64.b64encode(b"\x62\x00" * 1_000_000).decode()  # a million empty messages with all their defaults
    lines = ["{", "[]", "null", "{\"id\":1,\"id\":2}", {"op": "fly"}, {"op": 5}, {}, {"op": "describe"},
             {"op": "describe", "descriptors": 5}, {"op": "describe", "descriptors": {"set_base64": "%"}},
             {"op": "describe", "descriptors": {"set_base64": "AAAA"}}, {"op": "describe", "descriptors": {"files": "x"}},
             {"op": "describe", "descriptors": {"files": []}}, {"op": "describe", "descriptors": {"root_files": []}},
             {"op": "decode", "message": "kinds.v1.Kinds", "base64": deep, "descriptors": kinds},
             {"op": "decode", "message": "kinds.v1.Kinds", "base64": many, "descriptors": kinds},
             {"op": "decode", "message": "kinds.v1.None", "base64": "", "descriptors": kinds},
             {"target": "x", "method": "a.B/C", "request_base64": ""}, {"target": "127.0.0.1:1", "method": "a", "request_base64": ""},
             {"target": "127.0.0.1:1", "method": "a.B/C"}, {"target": "127.0.0.1:1", "method": "a.B/C", "request_base64": "", "deadline_ms": 0},
             {"target": "127.0.0.1:1", "method": "a.B/C", "request_base64": "", "metadata": {"A b": "c"}},
             {"target": "127.0.0.1:1", "method": "a.B/C", "request_base64": "", "metadata": {"a": "\n"}},
             {"target": "127.0.0.1:1", "method": "a.B/C", "request_base64": "", "metadata": {"a": "x" * 9000}},
             {"target": "127.0.0.1:1", "method": "kinds.v1.Streams/Watch", "descriptors": kinds},
             {"target": "127.0.0.1:1", "method": "kinds.v1.Streams/None", "descriptors": kinds},
             "x" * (17 << 20), "x" * (40 << 20)]
    answers = session(*lines)
    assert len(answers) == len(lines)
    for line, answer in zip(lines, answers):
        assert answer["ok"] is False and answer["error"], str(line)[:100]
    # The process still works after all of them.
    assert session(*lines, {"op": "describe", "descriptors": kinds})[-1]["ok"]


def test_a_call_goes_there_and_back(stub, caller):
    server = stub(USER)
    client = caller(USER)
    client.send(id="a", target=server.target, method="user.v1.UserService/GetUser", request={"id": "7"},
                metadata={"X-Request-Id": "r1", "blob-bin": "AP8="}, deadline_ms=5000)
    call = server.read()
    assert call["method"] == "user.v1.UserService/GetUser" and call["request"] == {"id": "7"}
    assert base64.b64decode(call["request_base64"]) == b"\n\x017"
    assert call["metadata"]["x-request-id"] == ["r1"] and call["metadata"]["blob-bin"] == ["AP8="]
    assert 0 < call["deadline_ms"] <= 5000
    server.write({"id": call["id"], "response": {"id": "7", "name": "Ann"}, "initial_metadata": {"first": "1"},
                  "trailing_metadata": {"last": ["2", "3"]}})
    answer = client.read()
    assert (answer["id"], answer["ok"], answer["status"], answer["code"]) == ("a", True, 0, "OK")
    assert answer["response"] == {"id": "7", "email": "", "name": "Ann", "created_at": ""}
    assert answer["initial_metadata"]["first"] == ["1"] and answer["trailing_metadata"]["last"] == ["2", "3"]
    assert answer["elapsed_us"] > 0
    # A status, by name and by number, and bytes that are no such message.
    for given, code in (("NOT_FOUND", 5), (8, 8)):
        client.send(target=server.target, method="/user.v1.UserService/GetUser")
        server.write({"id": server.read()["id"], "status": given, "message": "no such user"})
        answer = client.read()
        assert (answer["status"], answer["message"]) == (code, "no such user") and "response" not in answer
    client.send(target=server.target, method="user.v1.UserService/GetUser")
    server.write({"id": server.read()["id"], "response_base64": "/w=="})
    answer = client.read()
    assert answer["response_error"] and answer["response_base64"] == "/w=="
    server.end()


def test_without_descriptors_bytes_go_through(stub, caller):
    server, client = stub(), caller()
    client.send(target=server.target, method="any.thing/AtAll", request_base64="aGk=")
    call = server.read()
    assert (call["method"], call["request_base64"]) == ("any.thing/AtAll", "aGk=") and "request" not in call
    server.write({"id": call["id"], "response_base64": "aG8="})
    assert client.read()["response_base64"] == "aG8="


@pytest.mark.parametrize("answer", [{"status": "FINE"}, {"status": 99}, {"response": {"nope": 1}}, {"response_base64": "%"},
                                    {"trailing_metadata": {"a": 1}}, {"message": 1}])
def test_a_wrong_answer_ends_the_call_and_is_told(stub, caller, answer):
    server, client = stub(USER), caller(USER)
    client.send(target=server.target, method="user.v1.UserService/GetUser")
    call = server.read()
    server.write({"id": call["id"], **answer})
    assert client.read()["code"] == "INTERNAL"
    told = server.read()
    assert told["id"] == call["id"] and told["error"]
    for nonsense in ("{", "[]", "{}", '{"id":"x"}'):
        server.write(nonsense)
        assert server.read()["error"]
    server.write({"id": 12345})  # nobody waits for it
    client.send(target=server.target, method="user.v1.UserService/GetUser")
    server.write({"id": server.read()["id"]})
    assert client.read()["code"] == "OK"


def test_no_answer_in_time(stub, caller):
    server, client = stub("--answer-timeout-ms", 100, USER), caller(USER)
    client.send(target=server.target, method="user.v1.UserService/GetUser")
    server.read()
    assert client.read()["code"] == "DEADLINE_EXCEEDED"
    # And one that the caller gives up on.
    slow = stub(USER)
    client.send(target=slow.target, method="user.v1.UserService/GetUser", deadline_ms=50)
    call = slow.read()
    assert client.read()["code"] == "DEADLINE_EXCEEDED"
    assert slow.read() == {"id": call["id"], "cancelled": True}


def test_nobody_there_and_somebody_back(stub, caller):
    port = free_port()
    client = caller(USER)
    client.send(target=f"127.0.0.1:{port}", method="user.v1.UserService/GetUser")
    assert client.read()["code"] == "UNAVAILABLE"
    server = stub("--listen", f"127.0.0.1:{port}", USER)
    client.send(target=server.target, method="user.v1.UserService/GetUser")
    server.write({"id": server.read()["id"]})
    assert client.read()["code"] == "OK"
    second = subprocess.run([program(), "serve", "--listen", f"127.0.0.1:{port}"], capture_output=True, text=True, timeout=20)
    assert second.returncode == 1 and "is the port taken?" in second.stderr


def test_health_is_answered_by_itself(stub, caller):
    server, client = stub(USER), caller()
    service = "user.v1.UserService"
    for name in ("", service):
        request = base64.b64encode(b"\n" + bytes([len(name)]) + name.encode() if name else b"").decode()
        client.send(target=server.target, method="grpc.health.v1.Health/Check", request_base64=request)
        assert client.read()["response_base64"] == base64.b64encode(b"\x08\x01").decode()


def test_streaming_methods_are_not_there(stub, caller, kinds):
    server = stub("-I", kinds["roots"][0], "kinds.proto")
    client = caller()
    client.send(target=server.target, method="kinds.v1.Streams/Watch", request_base64="")
    assert client.read()["code"] == "UNIMPLEMENTED"


@pytest.mark.parametrize("how", ["option", "variables"])
def test_serves_on_a_held_socket(stub, caller, how):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        if how == "option":
            server = stub("--fd", held.fileno(), USER, pass_fds=[held.fileno()])
        else:
            # The descriptor must be number 3 in the child.
            made = os.dup2(held.fileno(), 3) if held.fileno() != 3 else 3
            env = {**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "grpc"}
            server = stub(USER, pass_fds=[made], env=env)
        assert server.ready["port"] == held.getsockname()[1]
        client = caller(USER)
        client.send(target=server.target, method="user.v1.UserService/GetUser")
        server.write({"id": server.read()["id"]})
        assert client.read()["code"] == "OK"
        server.end()


def test_ends_with_its_input_while_a_call_waits(stub, caller):
    server, client = stub(USER), caller(USER)
    client.send(target=server.target, method="user.v1.UserService/GetUser")
    server.read()
    server.end()
    assert client.read()["code"] == "UNAVAILABLE"
