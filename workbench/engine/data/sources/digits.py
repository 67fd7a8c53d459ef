"""scikit-learn's handwritten digits: the one real image set that is there without a file or a network.

1,797 images of 8x8 pixels, from the UCI "Optical Recognition of Handwritten Digits" test set (E. Alpaydin, C. Kaynak,
1998).
"""

from collections.abc import Iterator

import numpy as np

from workbench.engine.data.decode import encode_png
from workbench.engine.data.source import NO_SPLIT, Listing, Record
from workbench.engine.data.sources.classes import item_name, numbered_classes

BRIGHTEST = 16  # the set counts set bits in 4x4 blocks of a bitmap


def digits_listing() -> Listing:
    """The digits as 8-bit grey PNGs, in scikit-learn's order."""
    from sklearn.datasets import load_digits  # a second of importing that only this source needs

    values, labels = load_digits(return_X_y=True)
    images = np.rint(values * (255 / BRIGHTEST)).astype(np.uint8).reshape(-1, 8, 8)

    def records() -> Iterator[Record]:
        for index, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
            name = item_name("digits", index, total=len(images))
            yield Record(image=encode_png(image), labels=(label,), split=NO_SPLIT, name=name)

    return Listing(
        kind="digits", name="digits", label_sets={"label": numbered_classes(9)}, total=len(images), records=records
    )
