"""What is wrong with a profile, collected so that its author sees everything at once."""

from dataclasses import dataclass, field

from udsync_pipelines.errors import MappingError


@dataclass(frozen=True, slots=True)
class Problems:
    """A list of problems, and the place that the next one is about."""

    place: str
    lines: list[str] = field(default_factory=list)

    def add(self, reason: str) -> None:
        """Note one problem of this place."""
        self.lines.append(f"{self.place}: {reason}.".replace("?.", "?"))

    def inside(self, place: str) -> "Problems":
        """The same list, for a place inside this one."""
        return Problems(f"{self.place}, {place}", self.lines)

    def raise_if_any(self) -> None:
        """Refuse the profile when something is wrong with it.

        Raises:
            MappingError: one line for each problem, in the order of the file.
        """
        if self.lines:
            raise MappingError("\n".join(self.lines))
