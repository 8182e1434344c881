"""Signs a user up, places an order and reads both back, through the gateway and on the services' own ports."""

import json
import sys
import time
import urllib.error
import urllib.request

GATEWAY = "http://127.0.0.1:8080"


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        sys.exit(f"{url}: {error}")


def main():
    email = f"ada-{time.time_ns()}@example.org"
    status, user = ask(f"{GATEWAY}/api/v1/users", {"email": email, "name": "Ada", "password": "correct horse"})
    assert status == 201, (status, user)
    line = {"sku": "book-1", "quantity": 2, "unit_price_cents": 1250}
    status, order = ask(f"{GATEWAY}/api/v1/orders", {"user_id": user["id"], "currency": "EUR", "items": [line]})
    assert status == 201 and order["total_cents"] == 2500, (status, order)
    for url, expected in (
        (f"{GATEWAY}/api/users/{user['id']}", user["id"]),
        (f"{GATEWAY}/api/v1/orders/{order['id']}", order["id"]),
        (f"http://127.0.0.1:8081/users/{user['id']}", user["id"]),
        (f"http://127.0.0.1:8082/orders/{order['id']}", order["id"]),
    ):
        status, found = ask(url)
        assert status == 200 and found["id"] == expected, (url, status, found)
    print(f"user {user['id']}, order {order['id']}")


if __name__ == "__main__":
    sys.exit(main())
