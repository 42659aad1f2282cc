"""gunicorn's settings, for `make run` and for production: `gunicorn -c python:config.webserver config.wsgi`."""

import gc
import os

bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or "2")
threads = int(os.environ.get("WEB_THREADS") or "4")
preload_app = True
timeout = 60
graceful_timeout = 20
keepalive = 75
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
accesslog = None
loglevel = os.environ.get("WEB_LOG_LEVEL") or "warning"


def when_ready(_: object) -> None:
    """What is loaded by now stays: no collection has to look at it again, and forks share it."""
    gc.freeze()
