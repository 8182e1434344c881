"""The block that explains a failed start, for programs that crash and ports that are taken."""

import pathlib
import resource
import shutil
import subprocess

import pytest

from programs import web

CRASHING = r'''
#include <cstdio>
#include <cstdlib>
__attribute__((noinline)) void checkout(int* cart) {
  *cart = 7;
}
int main(int argc, char**) {
  std::puts("starting");
  std::fflush(stdout);
  int* cart = argc > 5 ? new int(1) : reinterpret_cast<int*>(0x10);
  checkout(cart);
}
'''

LEAVING = r'''
#include <cstdio>
__attribute__((noinline)) int take(int* cart) { return *cart; }
int main() {
  int* cart = new int(1);
  delete cart;
  std::printf("%d\n", take(cart));
}
'''


def compiled(folder, name, source, *options):
    (folder / f"{name}.cpp").write_text(source)
    subprocess.run(["g++", "-g", "-O0", *options, f"{name}.cpp", "-o", name], cwd=folder, check=True)
    return [str(folder / name)]


def failed_up(c, name, command, **options):
    """`up` of one service that dies; what it says on standard error."""
    c.write({"services": {name: web(c, command=command, restart={"policy": "no"})}})
    done = c.run("up", "-d", "--wait", **options)
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_a_traceback_of_python_is_the_cause(cluster):
    c = cluster()
    text = failed_up(c, "web", c.script("dies.py", "print('noise', flush=True)\ndef f():\n    {}['cart']\nf()\n"))
    assert "web: failed\n  cause  exit code 1: KeyError: 'cart'\n" in text
    assert f"  log    {c.folder}/.msctl/logs/web.log\n" in text
    assert "  backtrace\n         | Traceback (most recent call last):\n" in text
    assert "         | KeyError: 'cart'\n  next   msctl logs web\n" in text
    assert "noise" not in text


def test_a_report_of_a_sanitizer_is_the_cause(cluster):
    c = cluster()
    text = failed_up(c, "web", compiled(c.folder, "leaving", LEAVING, "-fsanitize=address"))
    assert "  cause  exit code 1: AddressSanitizer: heap-use-after-free " in text
    assert "leaving.cpp:3 in take" in text.splitlines()[2]
    assert "  sanitizer\n         | ==" in text
    assert "Shadow bytes" not in text
    report = text.split("  sanitizer\n")[1].split("  next")[0]
    assert len(report.splitlines()) <= 30


def test_the_crash_handlers_backtrace_is_the_cause(cluster):
    c = cluster()
    program = ("import sys\nprint('up', flush=True)\n"
               "sys.stderr.write('*** web crashed: SIGSEGV at 0x10\\n#0 raise at ./nptl/pthread_kill.c:44\\n"
               "#1 Cart::checkout() at src/cart.cpp:12\\n*** end of backtrace\\n')\nsys.exit(9)\n")
    text = failed_up(c, "web", c.script("dies.py", program))
    assert "  cause  exit code 9: SIGSEGV at 0x10 in Cart::checkout() at src/cart.cpp:12\n" in text
    assert "  backtrace\n         | *** web crashed: SIGSEGV at 0x10\n" in text


@pytest.mark.skipif(pathlib.Path("/proc/sys/kernel/core_pattern").read_text().startswith("|"),
                    reason="cores go to a program")
@pytest.mark.skipif(shutil.which("gdb") is None, reason="no gdb")
@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_CORE)[1] == 0, reason="no cores allowed")
def test_a_core_is_read_by_gdb(cluster):
    c = cluster()

    def allow_cores():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    text = failed_up(c, "web", compiled(c.folder, "crashing", CRASHING), preexec_fn=allow_cores)
    assert "  cause  signal 11 (SIGSEGV), core dumped: in checkout at crashing.cpp:5\n" in text
    assert "         | starting\n" in text
    assert "  backtrace\n         | Program terminated with signal SIGSEGV" in text
    assert "#1 " in text and "main" in text
    assert list((c.folder / ".msctl").glob("backtrace*")) == []


def test_what_a_program_survived_is_not_the_cause(cluster):
    c = cluster()
    # All to one stream: two of them have no order.
    program = ("import sys, traceback\ntry:\n    {}['cart']\nexcept KeyError:\n    traceback.print_exc()\n"
               "for i in range(20): print('served', i, file=sys.stderr)\nraise SystemExit(4)\n")
    text = failed_up(c, "web", c.script("dies.py", program))
    assert "  cause  exit code 4\n" in text
    assert "         | served 19\n" in text
    assert "backtrace" not in text


def test_a_port_that_another_cluster_has(cluster, tmp_path):
    one = cluster(folder=tmp_path / "shop")
    one.write({"services": {"api": web(one)}})
    one.up()
    port = one.ps()["api"]["ports"]["http"]
    other = cluster(folder=tmp_path / "copy")
    other.write({"services": {"web": web(other, ports={"http": port})}})
    done = other.run("up", "-d", "--wait")
    assert done.returncode == 1
    assert f"  port   pid {one.ps()['api']['pid']} is service api of the cluster in {one.folder}: " in done.stderr
    assert f"  next   cd {one.folder} && msctl stop api   (or give the service another port)\n" in done.stderr
