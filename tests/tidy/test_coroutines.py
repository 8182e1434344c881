"""Finds a trap of GCC 12: an aggregate built with braces, or a lambda with captures, that is written in the same
statement as a co_await is destroyed twice. It need not be an argument of what is awaited: `Row r{.id = co_await id()};`
and `f(co_await g(), Row{1})` are hit as well. The cure is a named local, moved in, and the co_await in a statement of
its own.

Without types no check can tell an aggregate from another class, so any braces in the statement count, but for blocks,
the bodies of lambdas and a few types without a destructor.
"""

import re
import unittest

import tree

AWAIT = re.compile(r"\bco_await\b")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
# Nothing to destroy in these.
HARMLESS = re.compile(
    r"(?:\bMs|\b(?:std::)?(?:chrono::)?(?:nano|micro|milli)?seconds|\bstd::chrono::\w+|\b(?:std::)?string_view"
    r"|\b(?:std::)?u?int\d+_t|\b(?:bool|int|double|size_t)|\bstd::(?:string|size_t|chrono::\w+)"
    r"|\b(?:int|bool|double|auto|std::size_t|std::u?int\d+_t|std::string)&? \w+"
    r"|\bstd::span(?:<[^;{}]*>)?|\b\w+::use_awaitable_t<[^;{}]*>)\s*$"
)
CLOSER = {"(": ")", "[": "]", "{": "}"}
LOOK_BACK = 300
# What can stand before a lambda's [, where a subscript would have a value.
BEFORE_LAMBDA = re.compile(r"(?:^|[(,={};:?!&|<>+*/-]|\breturn|\bco_await|\bco_return)\s*$")
LAMBDA_HEAD = re.compile(r"\s*(<[^{}]*>)?\s*(\(.*\))?[^(){};]*", re.DOTALL)
BEFORE_BLOCK = re.compile(
    r"(?:[);]|\b(?:else|do|try|const|noexcept|override|final|mutable)|\)[^(){};=]*->[^(){};=]*"
    r'|(?:^|[;{}])[^;{}()=]*\b(?:struct|class|union|enum|namespace|extern)\b[^;{}()=]*)\s*$'
)
CONTROL = re.compile(r"\b(?:if|while|for|switch|if constexpr)\s*$")


class Bracket:
    def __init__(self, parent, begin):
        self.parent, self.begin, self.end, self.children = parent, begin, None, []
        self.kind = ""  # of braces: block or value; of parentheses: control or ""; of square brackets: captures or ""


class Source:
    """One file's brackets, each with what it is."""

    def __init__(self, text):
        self.text = DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), tree.blank(text))
        self.top = Bracket(None, -1)
        self.top.end, self.top.kind = len(self.text), "block"
        self._match()
        self._classify(self.top)

    def _match(self):
        current = self.top
        for i, c in enumerate(self.text):
            if c in CLOSER:
                bracket = Bracket(current, i)
                current.children.append(bracket)
                current = bracket
            elif c in ")]}" and current is not self.top and CLOSER[self.text[current.begin]] == c:
                current.end = i
                current = current.parent
        while current is not self.top:
            current.end, current = len(self.text), current.parent

    def _classify(self, parent):
        for index, bracket in enumerate(parent.children):
            before = self.text[max(0, bracket.begin - LOOK_BACK) : bracket.begin]
            c = self.text[bracket.begin]
            if c == "(" and CONTROL.search(before):
                bracket.kind = "control"
            elif c == "[":
                self._mark_lambda(bracket, before, parent.children[index + 1 :])
            elif c == "{" and not bracket.kind:
                bracket.kind = "block" if self._is_block(bracket, before) else "value"
            self._classify(bracket)

    def _mark_lambda(self, bracket, before, later):
        body = next((b for b in later if self.text[b.begin] == "{"), None)
        if body is None or not BEFORE_LAMBDA.search(before):
            return
        if LAMBDA_HEAD.fullmatch(self.text, bracket.end + 1, body.begin):
            body.kind = "block"
            if self.text[bracket.begin + 1 : bracket.end].strip():
                bracket.kind = "captures"

    def _is_block(self, bracket, before):
        if BEFORE_BLOCK.search(before):
            return True
        in_block = bracket.parent.kind == "block"
        return in_block and re.search(r"(?:^|[{}:])\s*$", before) is not None

    def statement(self, offset):
        """(bracket, begin, end) of the statement or condition around an offset, right inside that bracket."""
        bracket = self.top
        while inner := next((b for b in bracket.children if b.begin < offset < b.end), None):
            bracket = inner
        while bracket.kind not in ("block", "control"):
            bracket = bracket.parent
        begin, end = bracket.begin + 1, bracket.end
        for stop, after in self._stops(bracket):
            if after <= offset:
                begin = max(begin, after)
            else:
                end = min(end, stop)
        return bracket, begin, end

    def _stops(self, bracket):
        """Where statements right inside a bracket end: semicolons, and blocks that are no lambda's body."""
        position = bracket.begin + 1
        for child in [*bracket.children, None]:
            limit = child.begin if child else bracket.end
            for match in re.finditer(";", self.text[position:limit]):
                yield position + match.start(), position + match.end()
            if child is None:
                return
            if child.kind == "block" and not self._is_body(child, bracket):
                yield child.begin, child.end + 1
            position = child.end + 1

    def _is_body(self, block, parent):
        index = parent.children.index(block)
        heads = [b for b in parent.children[:index] if self.text[b.begin] == "["]
        if not heads:
            return False
        before = self.text[max(0, heads[-1].begin - LOOK_BACK) : heads[-1].begin]
        between = LAMBDA_HEAD.fullmatch(self.text, heads[-1].end + 1, block.begin)
        return bool(between and BEFORE_LAMBDA.search(before))

    def traps(self, bracket, begin, end):
        for child in bracket.children:
            if not begin <= child.begin < end or child.kind == "block":
                continue
            if child.kind == "captures":
                yield child.begin, "a capturing lambda"
            before = self.text[max(0, child.begin - LOOK_BACK) : child.begin]
            if child.kind == "value" and not HARMLESS.search(before):
                yield child.begin, "a value built with braces"
            yield from self.traps(child, child.begin, child.end)


def faults(path, text):
    source, found = Source(text), {}
    for match in AWAIT.finditer(source.text):
        for offset, what in source.traps(*source.statement(match.start())):
            line = tree.line_of(source.text, offset)
            found[offset] = f"{path}:{line}: {what} in a statement with co_await: name it in one before"
    return [found[offset] for offset in sorted(found)]


class TheTree(unittest.TestCase):
    def test_no_trap(self):
        wrong = [w for path in tree.files(tree.CPP) for w in faults(path, tree.read(path))]
        if wrong:
            self.fail("\n" + "\n".join(wrong))


class Samples(unittest.TestCase):
    def test_caught(self):
        for text in (
            "co_await send(Request{1, body});",
            "co_await send(Request {.body = body});",
            "co_await send({.body = body});",
            "co_await send({});",
            "auto r = co_await client_->send(\n    url,\n    Request{\n        .body = body,\n    });",
            "co_await run([this] { return 1; });",
            "co_await run([&x](int a) mutable -> int { return x + a; });",
            "co_await run(1, [self = shared_from_this()]() -> Task<int> { co_return 1; });",
            "co_await [this]() -> Task<void> { co_return; }();",
            "BOOST_OUTCOME_CO_TRY(auto x, co_await db.write(Row{id}));",
            "if (auto r = co_await f(Row{id}); !r) { g(); }",
            "co_await f(std::vector<std::string>{a, b});",
            "co_await (f(g(a[1], Row{id})));",
            "co_return co_await f(Row{id});",
            "co_await f(Ms{100}, Row{id});",
            "co_await f(std::vector{1}, x);",
            "co_await f([] { return 1; }, Row{id});",
            "co_await Row{id}.send();",
            "co_await f([] { return 1; }, [x] { return x; });",
            "co_await f([=] { return x; });",
            "co_await f('{', Row{id});",
            "int n = 1'000; co_await f(Row{id});",
            "f(co_await g(), Row{1});",
            "Row r{.id = co_await g()};",
            "auto r = Row{.id = co_await g()};",
            "if (co_await g() && f(Row{})) { h(); }",
            "int k = co_await g() ? f(Row{}) : 0;",
            "EXPECT_EQ(co_await g(), (Row{1}));",
            "[s](int) { return 1; }(co_await g());",
            "co_await f<A, B>(Row{1});",
            "Task<> run() { auto f = [&]() -> Task<> { co_await g(Row{1}); }; }",
            "void f() { if (x) { while (co_await g(Row{1})) { h(); } } }",
            "auto f() -> Task<int> {\n  if (x) co_return co_await g({.a = 1});\n}",
        ):
            self.assertTrue(faults("x.cpp", text), text)

    def test_passed(self):
        for text in (
            "Request r{1, body}; co_await send(std::move(r));",
            "co_await send(std::move(r)); auto s = Request{1};",
            "if (co_await f(x)) { g(Row{1}); }",
            "while (co_await f(x)) {\n  g(Row{1});\n}",
            "co_await run([](int a) { Row r{a}; return r; });",
            "co_await spawn(io, []() -> Task<void> { co_return; });",
            "co_await f(rows[i], table[key]);",
            "// co_await send(Request{1});\n/* co_await run([this] {}); */",
            'co_await send("{\\"a\\": 1}");',
            'co_await send(R"({"a": [this] {}})");',
            "co_await f(Ms{100});",
            "co_await timer.wait(std::chrono::milliseconds{5});",
            "auto f = [this]() -> Task<void> { co_await g(); Row r{1}; };",
            "f(Row{1}); co_await g();",
            "co_await g();\nRow r{1};",
            "int k{co_await g()};",
            "namespace a {\nTask<> f() {\n  co_await g();\n}\n}  // namespace a",
            "struct A : B {\n  Task<> f() const {\n    co_await g();\n  }\n  int a_{1};\n};",
            "A::A() : a_{1}, b_{2} {\n  spawn([this]() -> Task<> { co_await g(); });\n}",
            "Task<Row> f() { auto a = co_await g(); co_return Row{a}; }",
            "spawn(io, [this]() -> Task<> { co_await g(); }, detached);",
            "for (int i{0}; i < co_await g(); ++i) { f(Row{1}); }",
            "if (auto r = Row{1}; co_await g()) { f(Row{1}); }",
            "auto f() -> Task<int> {\n  if (x) { f(Row{1}); }\n  co_return co_await g();\n}",
            "switch (a) { case 1: { co_await g(); break; } default: f(Row{1}); }",
            "#define X(a) {a}\nvoid f() { co_await g(); }",
            "for (auto& x : co_await f()) { g(Row{x}); }",
            "switch (co_await f()) { case 1: g({}); }",
        ):
            self.assertEqual(faults("x.cpp", text), [], text)

    def test_line(self):
        self.assertIn("x.cpp:3:", faults("x.cpp", "int a;\nco_await f(\n    Row{1});\n")[0])


if __name__ == "__main__":
    unittest.main()
