"""One GET of green, as the hooks of this folder make it: the status, or an error after five seconds."""

import http.client
from urllib.parse import urlsplit


def status_of(url):
    at = urlsplit(url)
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    connection = kind(at.netloc, timeout=5)
    connection.request("GET", at.path or "/")
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def is_good(status):
    return 200 <= status < 300
