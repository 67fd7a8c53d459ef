"""The one exception for what a user can cause; everything else that is raised is our own bug."""


class UserError(Exception):
    """Something the user can put right.

    Args:
        what: What happened, in plain words, without a full stop.
        where: The file, key or item concerned; empty if ``what`` says it already.
        remedy: What to do about it.

    ``str(error)`` is always one line: a terminal, a panel and a log show the same sentence.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        line = f"{what}: {where}" if where else what
        if remedy:
            line = f"{line}. {remedy[0].upper()}{remedy[1:]}"
        super().__init__(" ".join(line.split()))
