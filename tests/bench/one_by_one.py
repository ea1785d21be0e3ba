"""Stands in for the API's official client, which cannot be installed here: lists page by
page, then gets each certificate with its content, one after the other over one connection
that is kept. What is refused for a while (408, 409, 429, 5xx) is asked again up to twice,
after half a second that doubles, as that client does.

one_by_one.py BASE-URL KEY-FILE [CA-FILE]    prints how many certificates it has"""

import http.client
import json
import ssl
import sys
import time
from urllib.parse import urlsplit


class Client:
    def __init__(self, base_url: str, key: str, ca: str | None):
        url = urlsplit(base_url)
        self.root = url.path
        self.headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        if url.scheme == "https":
            self.connection = http.client.HTTPSConnection(
                url.hostname, url.port, context=ssl.create_default_context(cafile=ca))
        else:
            self.connection = http.client.HTTPConnection(url.hostname, url.port)

    def get(self, path: str):
        pause = 0.5
        for attempt in range(3):
            self.connection.request("GET", self.root + path, headers=self.headers)
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.status == 200:
                return json.loads(content)
            again = answer.status in (408, 409, 429) or answer.status >= 500
            if attempt == 2 or not again:
                sys.exit(f"one_by_one: {answer.status} for {path}")
            time.sleep(pause)
            pause *= 2
        raise AssertionError("not reached")

    def every(self):
        after = ""
        while True:
            page = self.get(f"/organization/certificates?limit=100&order=asc{after}")
            yield from page["data"]
            if not page["has_more"]:
                return
            after = f"&after={page['last_id']}"


def main(base_url: str, key_file: str, ca: str | None = None):
    with open(key_file, encoding="ascii") as file:
        client = Client(base_url, file.read().strip(), ca)
    contents = [client.get(f"/organization/certificates/{one['id']}?include[]=content")
                for one in list(client.every())]
    print(len(contents))


if __name__ == "__main__":
    main(*sys.argv[1:])
