"""Pact files that the official library wrote, in specification 2, 3 and 4, verify here; broken ones are refused."""

import json

import pytest

import pact_peer
from test_contract import BROKEN, OK, Workspace

# The consumer's tests with the official library: a user who exists, one who does not, and an event.
CONSUMER = """
import fs from 'node:fs';
import {PactV3, PactV4, MatchersV3, MessageConsumerPact, asynchronousBodyHandler, SpecificationVersion} from '@pact-foundation/pact';
const {dir} = JSON.parse(fs.readFileSync(0, 'utf8'));
const common = {consumer: 'shop', provider: 'users', dir, logLevel: 'error'};
const get = async (url, path) => (await fetch(url + path, {headers: {Accept: 'application/json'}})).json();

const v2 = new PactV3({...common, consumer: 'shop-v2', spec: SpecificationVersion.SPECIFICATION_VERSION_V2});
v2.given('a user exists').uponReceiving('a user by id')
  .withRequest({method: 'GET', path: '/users/42', headers: {Accept: 'application/json'}})
  .willRespondWith({status: 200, headers: {'Content-Type': 'application/json'},
                    body: {id: '42', email: MatchersV3.regex('.+@.+', 'bo@example.com')}});
await v2.executeTest(async (mock) => { await get(mock.url, '/users/42'); });

const v3 = new PactV3({...common, consumer: 'shop-v3', spec: SpecificationVersion.SPECIFICATION_VERSION_V3});
v3.given('a user exists', {email: 'eve@example.com'}).uponReceiving('a user by id')
  .withRequest({method: 'GET', path: MatchersV3.fromProviderState('/users/${id}', '/users/1'), headers: {Accept: 'application/json'}})
  .willRespondWith({status: 200, headers: {'Content-Type': MatchersV3.regex('application/json.*', 'application/json')},
                    body: MatchersV3.like({id: MatchersV3.fromProviderState('${id}', '1'), email: MatchersV3.string('x@y'),
                                           seen: MatchersV3.integer(1)})});
await v3.executeTest(async (mock) => { await get(mock.url, '/users/1'); });

const v4 = new PactV4({...common, consumer: 'shop-v4'});
await v4.addInteraction().given('a user exists').uponReceiving('a user by id')
  .withRequest('GET', '/users/42', (request) => { request.headers({Accept: 'application/json'}); })
  .willRespondWith(200, (response) => {
    response.headers({'Content-Type': 'application/json'});
    response.jsonBody({id: MatchersV3.like('1'), email: MatchersV3.email ? MatchersV3.email('a@b.example') : MatchersV3.like('a@b')});
  })
  .executeTest(async (mock) => { await get(mock.url, '/users/42'); });
await v4.addInteraction().uponReceiving('nobody')
  .withRequest('GET', '/users/7').willRespondWith(404)
  .executeTest(async (mock) => { await fetch(mock.url + '/users/7'); });

const messages = new MessageConsumerPact({...common, consumer: 'mail'});
await messages.given('a user exists').expectsToReceive('a user.created event')
  .withContent({type: 'user.created', id: MatchersV3.like('1')})
  .withMetadata({contentType: 'application/json'})
  .verify(asynchronousBodyHandler(async () => {}));
console.log('\\n' + JSON.stringify({files: fs.readdirSync(dir).sort()}));
"""


@pytest.fixture
def workspace(cluster):
    return Workspace(cluster())


@pytest.fixture
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pacts")
    answer, report = pact_peer.node(CONSUMER, {"dir": str(folder)})
    assert answer["files"] == ["mail-users.json", "shop-v2-users.json", "shop-v3-users.json", "shop-v4-users.json"], report
    return folder


def version(path):
    metadata = json.loads(path.read_text())["metadata"]
    return (metadata.get("pactSpecification") or metadata["pact-specification"])["version"][0]


def test_files_of_the_official_library_verify_here(workspace, written):
    assert [version(written / f"shop-v{n}-users.json") for n in "234"] == ["2", "3", "4"]
    code, document = workspace.results("--file", written)
    assert code == OK, [one for one in document["contracts"] if one["result"] != "ok"]
    assert document["passed"] == 5


def test_a_provider_that_changed_breaks_each_of_them(workspace, written):
    workspace.write(env={"FIELD": "mail"})
    code, document = workspace.results("--file", written)
    assert code == BROKEN
    broken = {one["consumer"]: one["mismatches"][0]["path"] for one in document["contracts"] if one["result"] == "mismatch"}
    assert broken == {"shop-v2": "$.email", "shop-v3": "$.email", "shop-v4": "$.email"}


def test_an_event_that_changed_breaks_the_message_contract(workspace, written):
    path = workspace.folder / "services/users/provider.py"
    path.write_text(path.read_text().replace('"user.created", "id"', '"user.created", "ident"'))
    code, document = workspace.results("--file", written / "mail-users.json")
    assert code == BROKEN
    assert document["contracts"][0]["mismatches"][0]["path"] == "$.id", document
