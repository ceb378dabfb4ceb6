"""The SDK's client, which closes the sockets that the SDK leaves open.

The SDK (7.1) forgets a unix socket whose connection fails, and the pool of a client that finds no
API version. Such sockets stay open until Python's garbage collector happens to find them.
"""

import socket
from typing import Any

import docker
from docker.transport import unixconn
from requests.adapters import BaseAdapter


class _HttpConnection(unixconn.UnixHTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(self.unix_socket)
        except BaseException:
            self.close()
            raise


class _ConnectionPool(unixconn.UnixHTTPConnectionPool):
    def _new_conn(self) -> Any:
        timeout: Any = self.timeout  # the stubs have two types for it
        return _HttpConnection(self.base_url, self.socket_path, timeout)


class _Adapter(unixconn.UnixHTTPAdapter):
    """The SDK's adapter, but for the class of its pools."""

    def get_connection(self, url: Any, proxies: object = None) -> _ConnectionPool:
        pools: Any = vars(self)["pools"]  # the stubs leave its type open
        with pools.lock:
            pool: _ConnectionPool | None = pools.get(url)
            if pool is None:
                pool = _ConnectionPool(
                    url, self.socket_path, self.timeout, maxsize=self.max_pool_size
                )
                pools[url] = pool
        return pool


class ApiClient(docker.APIClient):
    """The SDK's low-level client; takes the same arguments."""

    def __init__(self, *args: Any, **named: Any) -> None:
        try:
            super().__init__(*args, **named)
        except BaseException:
            self.close()
            raise

    def mount(self, prefix: str | bytes, adapter: BaseAdapter) -> None:
        """Send requests for a prefix through an adapter; see requests.Session."""
        if isinstance(adapter, unixconn.UnixHTTPAdapter):
            adapter = _Adapter(
                adapter.socket_path, adapter.timeout, max_pool_size=adapter.max_pool_size
            )
        super().mount(prefix, adapter)
