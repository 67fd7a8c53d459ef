"""Images by the hundred thousand and one by one: gallery, large view, filters, what may be dropped."""
