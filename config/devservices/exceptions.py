"""Why an installation on one machine cannot go on; each message is one line for a person."""


class Refused(Exception):
    """The request makes no sense here and now: nothing was started."""


class ServerFailed(Exception):
    """A server did not come up; the message ends with what it said."""


class StopRequested(Exception):
    """Somebody asked the supervisor to stop."""
