"""Load from within a pod: run there by its Python alone, of any version; told on stdin, where no list of
processes shows a key; answers as JSON."""

import http.client
import json
import ssl
import sys
import threading
import time
import urllib.parse


def main() -> None:
    told = json.load(sys.stdin)
    url = urllib.parse.urlsplit(told["url"])
    headers = {"Host": told["host"], "Content-Type": "application/json"}
    if told["key"]:
        headers["Authorization"] = "Bearer " + told["key"]
    body = json.dumps(told["body"]).encode()
    latencies = []
    failed = []
    end = time.perf_counter() + told["seconds"]

    def connect() -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
        connection.connect()
        # A connection that ended is an answer that did not come.
        connection.auto_open = 0
        if url.scheme == "https":
            # The gateway is reached by its Service's name, and asked by the host's, which its certificate has.
            context = ssl.create_default_context(cadata=told["ca"] or None)
            connection.sock = context.wrap_socket(connection.sock, server_hostname=told["host"])
        return connection

    def client() -> None:
        connection = connect()
        while time.perf_counter() < end:
            began = time.perf_counter()
            try:
                connection.request("POST", url.path, body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    failed.append(str(answer.status))
                    continue
            except (OSError, http.client.HTTPException) as error:
                failed.append(str(error))
                connection = connect()
                continue
            latencies.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client) for _ in range(told["clients"])]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    print(json.dumps({"latencies": latencies, "failed": failed}))


if __name__ == "__main__":
    main()
