"""Snapshots of a run that trains: asked for, waited for, there. Looking at them is left to who asked."""

from enum import StrEnum

from workbench.gui.models.inspectable_runs import is_training
from workbench.gui.models.run_facts import RunFacts


class Outcome(StrEnum):
    """What has become of the snapshot that was asked for."""

    NONE = "none"  # nobody asked
    AWAITED = "awaited"
    CAME = "came"
    NEVER = "never"  # the run has ended without it


class Snapshots:
    """At most one is awaited."""

    def __init__(self) -> None:
        self._run, self._before = "", -1  # whose, and its last checkpoint when another one was asked for; -1 for none

    @property
    def awaited(self) -> bool:
        return bool(self._run)

    def ask(self, facts: RunFacts) -> bool:
        """Ask a run for a checkpoint at its next report; ``False`` where nobody trains it any more.

        Raises:
            UserError: It cannot be asked.
        """
        if not facts.run.ask_for_checkpoint():
            return False
        self._run, self._before = facts.id, max(facts.checkpoints, default=-1)
        return True

    def forget(self) -> None:
        """Wait no longer."""
        self._run, self._before = "", -1

    def look(self, facts: RunFacts | None) -> Outcome:
        """What the newest facts of the run say; what came or will not come is awaited no longer."""
        if not self.awaited:
            return Outcome.NONE
        if facts is None or facts.id != self._run:
            return Outcome.AWAITED
        if max(facts.checkpoints, default=-1) > self._before:
            self.forget()
            return Outcome.CAME
        if not is_training(facts):
            self.forget()
            return Outcome.NEVER
        return Outcome.AWAITED
