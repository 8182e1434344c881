"""A Pact Broker in memory, by the HTTP API of the real one (github.com/pact-foundation/pact_broker) as far as msctl uses
it: resources are found by the links of their answers, and their paths are made of random names, so that a client that
guesses them fails.

As a program: `pact_broker.py PORT [CERTIFICATE KEY]`; its first line of output is its address. The token is in
$BROKER_TOKEN."""

import base64
import hashlib
import http.server
import json
import os
import secrets
import ssl
import sys
import threading
import urllib.parse

HAL = "application/hal+json;charset=utf-8"


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(status)
        self.status, self.body = status, body


class Store:
    """What the broker knows, and the rules of its answers."""

    def __init__(self):
        self.versions = {}   # (pacticipant, number) → {"branches": [], "order": n}
        self.pacts = {}      # (consumer, version, provider) → sha
        self.contents = {}   # sha → document
        self.results = []    # {sha, provider, version, success, testResults}
        self.environments = {}  # name → {pacticipant: version}

    def version(self, pacticipant, number):
        return self.versions.setdefault((pacticipant, number), {"branches": [], "order": len(self.versions)})

    def publish(self, body):
        wrong = {}
        for key in ("pacticipantName", "pacticipantVersionNumber", "contracts"):
            if not body.get(key):
                wrong[key] = ["can't be blank"]
        if wrong:
            raise Refused(400, {"errors": wrong})
        consumer, number = body["pacticipantName"], body["pacticipantVersionNumber"]
        documents = []
        for contract in body["contracts"]:
            if contract.get("specification") != "pact" or contract.get("contentType") != "application/json":
                raise Refused(400, {"errors": {"contracts": ["only pacts as JSON (at index 0)"]}})
            document = json.loads(base64.b64decode(contract["content"], validate=True))
            if document["consumer"]["name"] != consumer or contract["consumerName"] != consumer:
                raise Refused(400, {"errors": {"contracts": ["does not match consumer name in contract content"]}})
            text = json.dumps(document.get("interactions", document.get("messages")), sort_keys=True)
            documents.append((contract["providerName"], hashlib.sha1(text.encode()).hexdigest(), document))
        for provider, sha, _ in documents:
            if self.pacts.get((consumer, number, provider), sha) != sha:
                text = f"Cannot change the content of the pact for {consumer} version {number} and provider {provider}"
                raise Refused(409, {"notices": [{"type": "error", "text": text}], "errors": {"content": [text]}})
        version = self.version(consumer, number)
        if body.get("branch"):
            version["branches"].append(body["branch"])
        notices = [{"type": "debug", "text": f"Created {consumer} version {number}"}]
        for provider, sha, document in documents:
            # As the broker does it: an id of its own for each interaction.
            for one in document.get("interactions", []):
                one["_id"] = hashlib.sha1(json.dumps(one, sort_keys=True).encode()).hexdigest()
            self.contents[sha] = document
            self.pacts[(consumer, number, provider)] = sha
            notices.append({"type": "success",
                            "text": f"Pact successfully published for {consumer} version {number} and provider {provider}."})
            notices.append({"type": "prompt", "text": "  Next steps:"})
        return notices

    def is_deployed(self, pacticipant, number, environment=None):
        return any(deployed.get(pacticipant) == number for name, deployed in self.environments.items()
                   if environment in (None, name))

    def newest(self, keys):
        """Of each consumer the pact of its newest version."""
        found = {}
        for key in sorted(keys, key=lambda one: self.versions[one[:2]]["order"]):
            found[key[0]] = key
        return list(found.values())

    def select(self, provider, selector):
        keys = [key for key in self.pacts if key[2] == provider and selector.get("consumer", key[0]) == key[0]]
        if selector.get("deployed") or selector.get("deployedOrReleased") or "environment" in selector:
            return [key for key in keys if self.is_deployed(*key[:2], selector.get("environment"))]
        branch = "main" if selector.get("mainBranch") else selector.get("branch")
        if branch:
            keys = [key for key in keys if branch in self.versions[key[:2]]["branches"]]
        return self.newest(keys)

    def verified(self, sha, provider, branch):
        return any(one["sha"] == sha and one["provider"] == provider and one["success"] and
                   branch in self.version(provider, one["version"])["branches"] for one in self.results)

    def for_verification(self, provider, body):
        """(key, pending, wip) of each."""
        if not any(key[2] == provider for key in self.pacts):
            raise Refused(404, {"error": "The requested document was not found on this server."})
        chosen = {}
        for selector in body.get("consumerVersionSelectors") or [{}]:
            for key in self.select(provider, selector):
                chosen.setdefault(self.pacts[key], (key, False))
        branch = body.get("providerVersionBranch")
        if body.get("includeWipPactsSince"):
            for key in self.newest([key for key in self.pacts if key[2] == provider]):
                if not self.verified(self.pacts[key], provider, branch):
                    chosen.setdefault(self.pacts[key], (key, True))
        return [(key, not self.verified(sha, provider, branch), wip) for sha, (key, wip) in chosen.items()]

    def latest_result(self, sha, provider, version):
        found = [one for one in self.results if (one["sha"], one["provider"], one["version"]) == (sha, provider, version)]
        return found[-1] if found else None

    def matrix(self, pacticipant, number, environment):
        """(rows, reasons): a row is (consumer, version, provider, version or None, result or None)."""
        deployed = self.environments[environment]
        if (pacticipant, number) not in self.versions:
            return [], [f"No pacts or verifications have been published for version {number} of {pacticipant}"]
        rows, reasons = [], []
        for (consumer, version, provider), sha in self.pacts.items():
            if (consumer, version) == (pacticipant, number):
                other = deployed.get(provider)
                result = other and self.latest_result(sha, provider, other)
                rows.append((consumer, version, provider, other if result else None, result))
                if other is None:
                    reasons.append(f"There is no verified pact between version {number} of {consumer} and a version of "
                                   f"{provider} currently in {environment} (no version is currently recorded as "
                                   "deployed/released in this environment)")
            elif provider == pacticipant and deployed.get(consumer) == version:
                result = self.latest_result(sha, provider, number)
                rows.append((consumer, version, provider, number if result else None, result))
            else:
                continue
            if result and not result["success"]:
                reasons.append(f"The verification for the pact between version {version} of {consumer} and {provider} failed")
            elif not result and (provider == pacticipant or other is not None):
                reasons.append(f"There is no verified pact between version {version} of {consumer} and {provider}")
        return rows, reasons


class Broker(http.server.ThreadingHTTPServer):
    def __init__(self, port=0, token="", certificate=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.store, self.token = Store(), token
        self.names = {name: secrets.token_hex(4) for name in (
            "publish", "for-verification", "pact", "results", "branch", "version", "environments", "deployed",
            "record", "can-i-deploy", "pacticipant")}
        self.log = []
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            scheme = "https"
        self.base = f"{scheme}://localhost:{self.server_address[1]}" if certificate else f"http://127.0.0.1:{self.server_address[1]}"

    def url(self, name, *parts):
        return "/".join([f"{self.base}/{self.names[name]}", *(urllib.parse.quote(part, safe="") for part in parts)])

    def template(self, name, *parts):
        return {"href": "/".join([f"{self.base}/{self.names[name]}", *(f"{{{part}}}" for part in parts)]), "templated": True}

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", HAL)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_one(self):
        broker = self.server
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        path = urllib.parse.urlsplit(self.path)
        broker.log.append((self.command, self.path))
        if broker.token and self.headers.get("Authorization") != f"Bearer {broker.token}":
            return self.answer(401, {"error": "You are not authorized"})
        if self.command in ("POST", "PUT") and not self.headers.get("Content-Type", "").startswith("application/json"):
            return self.answer(415, {"error": "Unsupported Media Type"})
        parts = [urllib.parse.unquote(part) for part in path.path.strip("/").split("/")] if path.path != "/" else []
        known = {value: key for key, value in broker.names.items()}
        name = known.get(parts[0], "nothing") if parts else "index"
        method = getattr(self, f"{self.command.lower()}_{name.replace('-', '_')}", None)
        try:
            body = json.loads(raw) if raw else {}
            if method is None:
                raise Refused(404, {"error": "The requested document was not found on this server."})
            status, document = method(broker, parts[1:], body, dict(urllib.parse.parse_qsl(path.query)))
            return self.answer(status, document)
        except Refused as refused:
            return self.answer(refused.status, refused.body)

    do_GET = do_POST = do_PUT = handle_one

    def get_index(self, broker, _parts, _body, _query):
        can = broker.url("can-i-deploy") + "?pacticipant={pacticipant}&version={version}&environment={environment}"
        return 200, {"_links": {
            "self": {"href": broker.base},
            "pb:publish-contracts": {"href": broker.url("publish"), "templated": False},
            "pb:provider-pacts-for-verification": broker.template("for-verification", "provider"),
            "pb:pacticipant-branch-version": broker.template("branch", "pacticipant", "branch", "version"),
            "pb:pacticipant-version": broker.template("version", "pacticipant", "version"),
            "pb:environments": {"href": broker.url("environments")},
            "pb:can-i-deploy-pacticipant-version-to-environment": {"href": can, "templated": True},
            "curies": [{"name": "pb", "href": broker.base + "/doc/{rel}", "templated": True}]}}

    def post_publish(self, broker, _parts, body, _query):
        return 200, {"notices": broker.store.publish(body), "_links": {}}

    def put_branch(self, broker, parts, _body, _query):
        pacticipant, branch, number = parts
        broker.store.version(pacticipant, number)["branches"].append(branch)
        return 201, {}

    def post_for_verification(self, broker, parts, body, _query):
        pacts = []
        for (consumer, number, provider), pending, wip in broker.store.for_verification(parts[0], body):
            properties = {"notices": [{"when": "before_verification",
                                       "text": f"This pact is being verified because it is of {consumer} {number}"}]}
            if body.get("includePendingStatus"):
                properties["pending"] = pending
            if wip:
                properties["wip"] = True
            pacts.append({"verificationProperties": properties, "_links": {"self": {
                "href": broker.url("pact", consumer, number, provider),
                "name": f"Pact between {consumer} ({number}) and {provider}"}}})
        return 200, {"_embedded": {"pacts": pacts}, "_links": {}}

    def get_pact(self, broker, parts, _body, _query):
        sha = broker.store.pacts.get(tuple(parts))
        if sha is None:
            raise Refused(404, {"error": "no such pact"})
        return 200, {**broker.store.contents[sha], "createdAt": "2026-01-01T00:00:00+00:00", "_links": {
            "self": {"href": broker.url("pact", *parts)},
            "pb:consumer-version": {"name": parts[1], "href": broker.url("version", parts[0], parts[1])},
            "pb:publish-verification-results": {"href": broker.url("results", parts[2], sha)}}}

    def post_results(self, broker, parts, body, _query):
        if not isinstance(body.get("success"), bool) or not body.get("providerApplicationVersion"):
            raise Refused(400, {"errors": {"success": ["can't be blank"]}})
        broker.store.version(parts[0], body["providerApplicationVersion"])
        broker.store.results.append({"provider": parts[0], "sha": parts[1], "version": body["providerApplicationVersion"],
                                     "success": body["success"], "testResults": body.get("testResults"),
                                     "verifiedBy": body.get("verifiedBy")})
        return 201, {"success": body["success"]}

    def get_environments(self, broker, _parts, _body, _query):
        return 200, {"_embedded": {"environments": [
            {"uuid": f"uuid-{name}", "name": name, "_links": {
                "pb:currently-deployed-deployed-versions": {"href": broker.url("deployed", name)}}}
            for name in broker.store.environments]}}

    def get_deployed(self, broker, parts, _body, _query):
        return 200, {"_embedded": {"deployedVersions": [
            {"_embedded": {"pacticipant": {"name": name}, "version": {"number": number}}}
            for name, number in broker.store.environments[parts[0]].items()]}}

    def get_version(self, broker, parts, _body, _query):
        if tuple(parts) not in broker.store.versions:
            raise Refused(404, {"error": "no such version"})
        return 200, {"number": parts[1], "_links": {"pb:record-deployment": [
            {"name": name, "href": broker.url("record", *parts, name)} for name in broker.store.environments]}}

    def post_record(self, broker, parts, _body, _query):
        pacticipant, number, environment = parts
        broker.store.environments[environment][pacticipant] = number
        return 201, {"currentlyDeployed": True}

    def get_can_i_deploy(self, broker, _parts, _body, query):
        if query.get("environment") not in broker.store.environments:
            raise Refused(400, {"errors": {"environment": ["does not exist"]}})
        rows, reasons = broker.store.matrix(query["pacticipant"], query["version"], query["environment"])
        failed = any(row[4] and not row[4]["success"] for row in rows)

        def party(name, number):
            return {"name": name, "version": number and {"number": number}}

        return 200, {
            "summary": {"deployable": not reasons if not reasons or failed else None,
                        "reason": "\n".join(reasons) or "All required verification results are published and successful"},
            "notices": [], "matrix": [
                {"consumer": party(consumer, version), "provider": party(provider, other), "pact": {},
                 "verificationResult": result and {"success": result["success"], "verifiedAt": "2026-01-02T00:00:00+00:00",
                                                   "_links": {"self": {"href": broker.url("results", provider, "1")}}}}
                for consumer, version, provider, other, result in rows]}


if __name__ == "__main__":
    made = Broker(int(sys.argv[1]), os.environ.get("BROKER_TOKEN", ""), tuple(sys.argv[2:4]) or None)
    print(made.base, flush=True)
    made.serve_forever()
