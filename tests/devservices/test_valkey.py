from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis

from config.devservices.server import Server
from config.devservices.valkey import Valkey


def client(valkey: Valkey) -> redis.Redis:
    return redis.Redis.from_url(valkey.url)


def test_a_queue_survives_kill_nine(valkey: Valkey, kill_nine: Callable[[Server], int]) -> None:
    valkey.start()
    client(valkey).rpush("queue", *range(100))

    killed = kill_nine(valkey)
    valkey.start()

    assert valkey.running_pid() != killed
    assert client(valkey).llen("queue") == 100


def test_nothing_is_evicted_when_memory_is_short(valkey: Valkey) -> None:
    valkey.start()

    assert client(valkey).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client(valkey).config_get("appendonly") == {"appendonly": "yes"}


def test_two_starts_at_once_make_one_server(valkey: Valkey) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(Valkey.start, (valkey, valkey)))

    assert valkey.is_ready()
    assert client(valkey).info("server")["process_id"] == valkey.running_pid()


def test_stop_leaves_no_process(valkey: Valkey) -> None:
    valkey.start()

    valkey.stop()

    assert valkey.running_pid() is None
    assert not valkey.is_ready()
