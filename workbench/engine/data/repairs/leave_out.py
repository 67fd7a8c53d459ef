"""The repair that leaves out what cannot be used: broken images, masks and questions, and broken parts of the source.

What a source could not read is not among its items anyhow; with this repair that keeps nobody from importing the rest.
"""

from workbench.engine.data.decode import decode
from workbench.engine.data.masks import decode_mask
from workbench.engine.data.repairs import REPAIRS, Mend, Repair
from workbench.engine.data.source import Item, Listing, Palette, Question, Record
from workbench.engine.errors import UserError

LEAVE_OUT = "leave-out"
OF_ITEMS = (
    "unreadable", "truncated", "empty-file", "too-large", "unreadable-mask", "mask-size", "empty-question",
    "empty-context", "empty-answer", "impossible-answered",
)  # fmt: skip


def _prepare(listing: Listing, limit_pixels: int) -> Mend:
    def mend(item: Item) -> tuple[Item | None, int]:
        if isinstance(item, Question):
            usable = _makes_sense(item)
        else:
            usable = _can_be_decoded(item, listing.palette, limit_pixels)
        return (item, 0) if usable else (None, 1)

    return mend


def _makes_sense(question: Question) -> bool:
    answers = question.answers
    return (
        bool(question.question.strip() and question.context.strip())
        and all(answer.text.strip() for answer in answers)
        and not (question.impossible and answers)
    )


def _can_be_decoded(record: Record, palette: Palette | None, limit_pixels: int) -> bool:
    try:
        image = decode(record.image, mode="RGB", where=record.name, limit_pixels=limit_pixels)
        if palette is None:
            return True
        mask = decode_mask(record.mask or b"", palette, where=record.name, limit_pixels=limit_pixels)
    except UserError:
        return False
    return mask.shape == (image.height, image.width)


REPAIRS.add(
    LEAVE_OUT,
    Repair(
        title="Leave out what cannot be used",
        done="Items left out because they cannot be used: {items}.",
        mends=OF_ITEMS,
        contents=("images", "masks", "questions"),
        prepare=_prepare,
        parts=True,
        first=True,
    ),
)
