"""Ports and sockets of this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from founderstack.world.net import network


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_the_holder_of_a_port_is_named(server: socket.socket) -> None:
    port = server.getsockname()[1]
    found = network.holder(port)
    assert found is not None
    assert found.pid == os.getpid()
    assert found.name
    assert port in network.listening()
    assert not network.can_bind(port)


def test_a_port_of_ipv6_counts_too() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        port = listener.getsockname()[1]
        assert port in network.listening()
        assert network.holder(port) is not None


def test_a_port_that_somebody_listens_on_cannot_be_bound(server: socket.socket) -> None:
    port = server.getsockname()[1]
    assert not network.can_bind(port)
    server.close()
    assert network.can_bind(port)
    assert network.holder(port) is None


def test_open_connections_are_counted(server: socket.socket) -> None:
    port = server.getsockname()[1]
    assert network.tcp_connections(port) == 0
    with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
        assert network.tcp_connections(port) == 1


def test_a_connection_counts_before_and_after_it_is_accepted(tmp_path: Path) -> None:
    path = f"{tmp_path}/s.sock"
    with ExitStack() as open_ones:
        listener = open_ones.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen()
        assert network.unix_connections(path) == 0
        clients = [open_ones.enter_context(socket.socket(socket.AF_UNIX)) for _number in range(2)]
        for client in clients:
            client.connect(path)
        assert network.unix_connections(path) == 2
        accepted = open_ones.enter_context(listener.accept()[0])
        assert network.unix_connections(path) == 2
        accepted.close()
        clients[0].close()
        assert network.unix_connections(path) == 1
