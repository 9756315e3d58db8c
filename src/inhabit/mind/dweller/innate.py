"""What a dweller is born with: the codes of what can be seen, done and said, and nothing of what is so anywhere."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Innate:
    """Codes, as the world has them; a mind knows no world, so whoever brings both together fills this in.

    Attributes:
        size: Cells of the land, to the east and to the south: the unit of the sense of place.
        window: Cells seen ahead, right and up.
        behind: How many of the cells ahead lie behind, and how many of those to the right lie to the left.
        materials: Names of materials, by code.
        hands: Names of what the body can do.
        says: Names of what can be done by saying something.
        topics: Names of what can be spoken of; the last `looks` are fruits.
        qualities: Names of what can be said of it.
        looks: How many looks a fruit can have.
        wheres: For each code of a place as said, about how far to the east and south it lies.
        goods: Names of what the body needs, then health.
    """

    size: tuple[int, int]
    window: tuple[int, int, int]
    behind: tuple[int, int]
    materials: tuple[str, ...]
    hands: tuple[str, ...]
    says: tuple[str, ...]
    topics: tuple[str, ...]
    qualities: tuple[str, ...]
    looks: int
    wheres: tuple[tuple[int, int], ...]
    goods: tuple[str, ...]

    def material(self, name: str) -> int:
        """Code of a material."""
        return self.materials.index(name)

    def hand(self, name: str) -> int:
        """Code of a deed."""
        return self.hands.index(name)

    def say(self, name: str) -> int:
        """Code of a first word."""
        return self.says.index(name)

    def topic(self, name: str) -> int:
        """Code of a second word."""
        return self.topics.index(name)

    def quality(self, name: str) -> int:
        """Code of a third word."""
        return self.qualities.index(name)

    @property
    def fruit(self) -> int:
        """Topic of the first look's fruit."""
        return len(self.topics) - self.looks

    @property
    def words(self) -> tuple[int, ...]:
        """How many values the first four words have."""
        return len(self.says), len(self.topics), len(self.qualities), len(self.wheres)

    @property
    def kinds(self) -> int:
        """How many qualities a fruit can have, without 0: nourishing, sweet, sickening, bland."""
        return 4
