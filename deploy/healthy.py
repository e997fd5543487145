"""`python -m deploy.healthy PORT PATH`: exit 0 when the program here answers 200; for containers."""

import http.client
import sys


def is_healthy(port: int, path: str) -> bool:
    """Whether the program on loopback answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(int(sys.argv[1]), sys.argv[2]) else 1)
