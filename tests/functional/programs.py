"""Small programs that tests run as services. Each reads its port from PORT_HTTP."""

# Answers every GET with 200.
WEB = '''
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"status": "ready", "checks": {"database": {"status": "up", "latency_ms": 0.1, "required": true}}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT_HTTP"])), Handler).serve_forever()
'''

# Sleeps until it is ended.
IDLE = '''
import signal
print("idle", flush=True)
signal.pause()
'''

# Ignores SIGTERM.
STUBBORN = '''
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn", flush=True)
while True:
    signal.pause()
'''

# Starts a grandchild that leaves its session and its parent, as a daemon does, and writes its pid to a file.
DAEMONISER = '''
import os, signal, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    with open(sys.argv[1], "w") as file:
        file.write(str(os.getpid()) + "\\n")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()
os.wait()
print("daemonised", flush=True)
signal.pause()
'''

# Writes its open descriptors to a file, then sleeps.
DESCRIPTORS = '''
import os, signal, sys
links = {}
for name in os.listdir("/proc/self/fd"):
    try:
        links[name] = os.readlink("/proc/self/fd/" + name)
    except FileNotFoundError:
        pass  # the one that lists the folder
with open(sys.argv[1] + ".new", "w") as file:
    file.write("\\n".join(f"{name} {target}" for name, target in sorted(links.items())))
os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.pause()
'''


def web(cluster, **more):
    """Entry of a service in msctl.yaml that serves HTTP on a free port and is ready when it answers."""
    entry = {"command": cluster.script("web.py", WEB), "ports": {"http": 0}, "probes": {"ready": {"http": "/"}}}
    entry.update(more)
    return entry


def idle(cluster, **more):
    entry = {"command": cluster.script("idle.py", IDLE)}
    entry.update(more)
    return entry
